"""The dates that are part of volcast, by name."""

import datetime as dt

import pandas as pd
import pytest

from tests.pipeline.events.samples import NOW
from volcast.pipeline.config.load import load_config, resolve_settings
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.events.load_events import LoadedEvents, load_events
from volcast.pipeline.events.revisions import active_versions
from volcast.pipeline.panel.known_reports import build_known_reports
from volcast.pipeline.progress import Progress


def load(*tickers: str, now: dt.datetime = NOW, **data) -> LoadedEvents:
    return load_events(load_config(None, {"data": data}), tickers, now, Progress())


def test_the_embedded_dates_are_served_by_name():
    loaded = load("AAPL", "ZZZ", events="sample-stocks", source="sample-stocks")
    assert set(loaded.events["ticker"]) == {"AAPL"}
    assert loaded.events["date"].iloc[0] == pd.Timestamp("2013-04-23")
    assert set(loaded.events["source"]) == {"sample-stocks"}
    assert loaded.events["authoritative"].all()
    assert loaded.failures == {"ZZZ": "report_dates.csv has no date of it"}


def test_it_is_noted_where_the_dates_end_unless_they_came_with_the_bars():
    assert load("AAPL", events="sample-stocks", source="sample-stocks").notes == ()
    (note,) = load("AAPL", events="sample-stocks", source="files", path="prices.csv").notes
    assert note.startswith("report_dates.csv: the dates end on 2018-02-20")


def test_none_is_no_source():
    nothing = load("AAPL", events="none", source="sample-stocks")
    assert (len(nothing.events), nothing.failures, nothing.refreshed) == (0, {}, {})
    with pytest.raises(ConfigError, match=r"sample-stocks, a file such as .*; got 'none'"):
        load("AAPL", events=["sample-stocks", "none"])


def test_a_date_is_known_ten_sessions_before_the_first_session_that_may_trade_on_it():
    config = resolve_settings(load_config(None, {"data": {"source": "sample-stocks"}}))
    events = load_events(config, ("AAPL",), NOW, Progress()).events
    sessions = pd.bdate_range("2013-04-01", "2013-05-10")  # an unbroken stretch
    versions = active_versions(events)
    reports = build_known_reports(versions, ("AAPL",), sessions, "XNYS")
    first = list(sessions).index(pd.Timestamp("2013-04-23"))
    assert reports.first.tolist() == [first]
    assert reports.second.tolist() == [first + 1]  # the time of day is unknown
    assert reports.known_from.tolist() == [first - 10]
