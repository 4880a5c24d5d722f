"""Exit codes, and errors in one line."""

import pytest

from tests.pipeline.samples import volcast
from volcast.pipeline.errors import DataError


@pytest.mark.parametrize("arguments", [("fly",), ("train",), ("forecast", "a", "b"), ("--fly",)])
def test_wrong_usage_exits_with_2_and_no_traceback(arguments):
    answer = volcast(*arguments)
    assert answer.code == 2
    assert "Usage: volcast" in answer.err and "Traceback" not in answer.err


def test_a_failure_is_one_line_and_debug_gives_the_traceback(small, tmp_path):
    given = ("run", "--config", small, "--out", tmp_path / "run", "--ticker", "NOPE")
    assert "NOPE" in volcast(*given).complaint
    with pytest.raises(DataError, match="NOPE"):
        volcast(*given, "--debug")


def test_a_message_of_several_lines_becomes_one(small, tmp_path, monkeypatch):
    def fail(*_):
        raise DataError("first line\n  second line\n")

    monkeypatch.setattr("volcast.pipeline.backtest.run.compute_source_state", fail)
    message = volcast("run", "--config", small, "--out", tmp_path / "run").complaint
    assert message == "first line second line"


def test_an_interrupt_is_one_line_that_says_how_to_continue(small, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("volcast.pipeline.backtest.run.compute_source_state", interrupt)
    message = volcast("run", "--config", small, "--out", tmp_path / "run").complaint
    assert message == "interrupted; run the same command again to continue"
