"""Tickers by name and in a watch-list."""

import pytest

from volcast.pipeline.cli.watchlist import read_tickers
from volcast.pipeline.errors import ConfigError


def test_tickers_are_upper_case_and_each_once(tmp_path):
    file = tmp_path / "list.txt"
    file.write_text("﻿# mine\nspy, bbb  # two\n\nCCC;SPY\n", encoding="utf-8")
    assert read_tickers(["aaa", "bbb"], file) == ["AAA", "BBB", "SPY", "CCC"]
    assert read_tickers(None, None) == []


def test_a_watch_list_without_tickers_is_refused(tmp_path):
    file = tmp_path / "list.txt"
    file.write_text("# nothing\n")
    with pytest.raises(ConfigError, match="names no ticker; write one per line"):
        read_tickers(["AAA"], file)
