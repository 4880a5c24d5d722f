"""Which series the settings ask for."""

import pytest

from volcast.pipeline.config.exogenous import list_series, split_entry
from volcast.pipeline.config.load import load_config, resolve_settings
from volcast.pipeline.config.source_defaults import with_source_defaults


def settings(**data):
    return load_config(None, {"data": data})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("^VIX", ("^VIX", "")),
        ("^VIX=vix.csv", ("^VIX", "vix.csv")),
        (" ^VIX = /data/v i x.parquet ", ("^VIX", "/data/v i x.parquet")),
        ("CL=F", ("CL=F", "")),
        ("EURUSD=X", ("EURUSD=X", "")),
        ("CL=F=./oil.csv", ("CL=F", "./oil.csv")),
        ("^VIX=folder\\vix", ("^VIX", "folder\\vix")),
        ("BRK.B", ("BRK.B", "")),
    ],
)
def test_an_entry_is_a_name_or_a_name_and_its_file(entry, expected):
    assert split_entry(entry) == expected


def test_the_sample_has_the_vix_unless_the_settings_name_series_or_none():
    assert list_series(resolve_settings(settings())) == {"^VIX": ""}
    assert list_series(resolve_settings(settings(exogenous="none"))) == {}
    assert list_series(resolve_settings(settings(exogenous="^VXN"))) == {"^VXN": ""}
    assert list_series(resolve_settings(settings(source="yahoo", tickers=["SPY"]))) == {}


def test_settings_that_name_their_series_stay_as_they_are():
    once = with_source_defaults(settings())
    assert with_source_defaults(once) is once
