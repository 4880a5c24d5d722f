"""The names of the sources: volcast's own, and those of installed packages."""

import pytest

from tests.pipeline.samples import volcast
from volcast.pipeline.config.load import load_config
from volcast.pipeline.data.sources.catalogue import SOURCES, list_sources
from volcast.pipeline.data.sources.factory import build_source
from volcast.pipeline.errors import ConfigError


@pytest.mark.parametrize("section", ["toml", "command line"])
def test_an_unknown_source_lists_the_known_ones(installed, tmp_path, section):
    installed("one", "", "zzz = one:S\nabc = one:S")
    config = tmp_path / "v.toml"
    config.write_text('[data]\nsource = "nyse"\n')
    options = ("--config", config) if section == "toml" else ("--source", "nyse")
    assert (
        "data.source must be sample, sample-stocks, files, yahoo, tiingo, abc, zzz, or a source "
        "from an installed package; got 'nyse'"
    ) in volcast("run", *options, "--out", tmp_path / "run").complaint
    assert not (tmp_path / "run").exists()
    with pytest.raises(ConfigError, match=r"'nyse' is unknown; use one of sample, .*, abc, zzz"):
        build_source("nyse")


def test_the_help_names_the_sources_that_come_with_volcast():
    shown = volcast("run", "--help").out
    assert all(name in shown for name in SOURCES)


def test_a_brought_source_is_accepted_in_the_configuration(installed, tmp_path):
    installed("one", "", "theirs = one:S")
    assert load_config(None, {"data": {"source": "theirs"}}).data.source == "theirs"
    assert list_sources() == (*SOURCES, "theirs")
