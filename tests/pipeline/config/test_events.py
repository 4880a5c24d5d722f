"""Which sources of events the settings ask for."""

import pytest

from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.exogenous import list_series
from volcast.pipeline.config.load import load_config, resolve_settings
from volcast.pipeline.config.source_defaults import with_source_defaults


def settings(**data):
    return load_config(None, {"data": {"source": "sample-stocks", **data}})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("sample-stocks",)),
        ({"tickers": ["AAPL"]}, ("sample-stocks",)),
        ({"events": "none"}, ()),
        ({"events": ["edgar", "yahoo"]}, ("edgar", "yahoo")),
        ({"source": "sample"}, ()),
        ({"source": "sample", "events": "sample-stocks"}, ("sample-stocks",)),
    ],
)
def test_the_embedded_stocks_have_their_dates_unless_the_settings_name_others_or_none(
    given, expected
):
    assert list_event_entries(resolve_settings(settings(**given))) == expected


def test_what_is_recorded_stays_as_it_is_when_it_is_read_again():
    once = resolve_settings(settings())
    assert once.data.events == ("sample-stocks",)
    assert with_source_defaults(once) is once
    none = resolve_settings(settings(events="none"))
    assert none.data.events == ("none",) == resolve_settings(none).data.events


def test_the_embedded_stocks_have_no_series_unless_one_is_named():
    assert list_series(resolve_settings(settings())) == {}
    assert list_series(resolve_settings(settings(exogenous="^VIX"))) == {"^VIX": ""}
