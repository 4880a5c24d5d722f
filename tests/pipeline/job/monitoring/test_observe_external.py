"""Alerts on sources of report dates and on exogenous series: raised, worded and cleared."""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from tests.pipeline.job.samples import change_settings
from tests.pipeline.job.test_external_hashes import make_events, make_series
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.job.monitoring.observe_external import observe_external
from volcast.pipeline.panel.external import NOTHING_EXTERNAL, EventSourceState
from volcast.reports.monitoring.alerts import step

DAY = pd.Timestamp("2024-01-30")
EVENING = dt.datetime(2024, 1, 30, 23, tzinfo=dt.UTC)
WITH_EVENTS = change_settings(Config(), data={"source": "files", "events": ("desk",)})
WITH_VIX = change_settings(Config(), data={"source": "files", "exogenous": ("^VIX",)})


def observe(config=WITH_EVENTS, *, tickers=("AAA", "BBB"), now=EVENING, **external):
    """Return the open alerts after a run that observed some external data, by subject."""
    return {
        alert.subject: alert
        for alert in step([], observe_all(config, tickers, now, external), DAY)[0]
    }


def observe_all(config, tickers, now, external):
    sessions = sessions_between("XNYS", pd.Timestamp("2022-01-03"), DAY)
    return observe_external(
        SimpleNamespace(
            config=config,
            now=now,
            day=DAY,
            origin=len(sessions) - 1,
            panel=SimpleNamespace(tickers=tickers, sessions=sessions),
            panels=SimpleNamespace(external=replace(NOTHING_EXTERNAL, **external)),
        )
    )


def source(days=0.0, **changed):
    answered = EVENING - dt.timedelta(days=days)
    given = {"name": "desk", "is_file": False, "answered": answered, "last_date": DAY.date()}
    return EventSourceState(**(given | changed))


def test_a_source_that_does_not_answer_is_told_after_three_days_and_cleared_by_an_answer():
    assert not observe(event_sources=(source(3.9),))
    open_alerts = observe(event_sources=(source(4.0),))
    words = open_alerts["desk"].words
    assert words.startswith(
        "the source desk last answered on 2024-01-26, 4 days ago: later changes"
    )
    assert "`volcast data update --config FILE` says why, or remove it from data.events" in words
    later = observe_all(WITH_EVENTS, ("AAA",), EVENING, {"event_sources": (source(0.0),)})
    assert step(open_alerts.values(), later, DAY)[0] == ()


def test_a_source_that_never_answered_is_told_at_once():
    assert observe(event_sources=(source(answered=None),))["desk"].words.startswith(
        "the source desk has never answered: "
    )


def test_a_file_is_told_when_its_dates_end_a_quarter_before():
    old = source(name="mine.csv", is_file=True, answered=None, last_date=dt.date(2023, 10, 21))
    assert observe(event_sources=(old,))["mine.csv"].words.startswith(
        "the dates of mine.csv end on 2023-10-21, 101 days ago: later reports are estimated; add"
    )
    assert not observe(event_sources=(replace(old, last_date=dt.date(2023, 10, 22)),))
    empty = observe(event_sources=(replace(old, last_date=None),))["mine.csv"].words
    assert empty.startswith("the file mine.csv has no report date of these tickers: ")


def reports(ticker, *last, ahead="7D", days=("2023-01-31", "2023-05-02", "2023-08-01")):
    """Reports of quarters, each announced a week ahead."""
    moments = [str(pd.Timestamp(day, tz="UTC") - pd.Timedelta(ahead)) for day in (*days, *last)]
    return [(ticker, day, at, None) for day, at in zip((*days, *last), moments, strict=True)]


def test_tickers_whose_report_is_due_without_a_date_are_told_in_one_alert():
    due = [*reports("AAA", "2023-10-31"), *reports("BBB", "2023-10-31")]
    announced = [*due, ("BBB", "2024-01-31", "2024-01-20 12:00:00+00:00", None)]
    (alert,) = observe(events=make_events(*due)).values()
    assert alert.words.startswith("the next report of AAA, BBB is due by earlier ones, which were")
    assert alert.value == 2
    (alert,) = observe(events=make_events(*announced)).values()
    assert alert.words.startswith("the next report of AAA is due")
    # Never announced before the day, or not due before two sessions, is no fault of the source.
    filed = reports("AAA", "2023-10-31", ahead="-1D")
    later = reports("AAA", "2023-11-03", days=("2023-02-03", "2023-05-05", "2023-08-04"))
    assert not observe(events=make_events(*filed)) and not observe(events=make_events(*later))


def test_a_series_is_told_when_its_last_close_is_no_longer_used():
    def until(day):
        closes = make_series()
        return {"series": closes[closes["session"] <= day]}

    assert not observe(WITH_VIX, **until("2024-01-25"))
    assert observe(WITH_VIX, **until("2024-01-24"))["^VIX"].words.startswith(
        "the last close of ^VIX is of 2024-01-24, 4 sessions before: its features are missing; "
    )
    assert observe(WITH_VIX)["^VIX"].words.startswith("there are no closes of ^VIX: ")


@pytest.mark.parametrize("external", [{"event_sources": (source(9.0),)}, {"series": None}])
def test_alerts_of_what_the_settings_no_longer_name_are_cleared(external):
    config = WITH_EVENTS if "event_sources" in external else WITH_VIX
    given = {name: value for name, value in external.items() if value is not None}
    open_alerts = observe(config, **given)
    assert open_alerts
    without = observe_all(
        change_settings(Config(), data={"source": "files"}), ("AAA",), EVENING, {}
    )
    assert step(open_alerts.values(), without, DAY)[0] == ()
