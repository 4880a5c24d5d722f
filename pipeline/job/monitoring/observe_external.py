"""Monitoring of what is known beside the bars: sources of report dates, and exogenous series."""

from __future__ import annotations

import pandas as pd

from volcast.features.exogenous_series import LONGEST_USE
from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.exogenous import list_series
from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.panel.build import assign_calendars
from volcast.pipeline.panel.external import EventSourceState
from volcast.pipeline.panel.report_knowledge import ESTIMATED, describe_report_knowledge
from volcast.pipeline.text import format_count, format_names
from volcast.reports.monitoring.alerts import Observation

LONGEST_SILENCE = 3  # days without an answer of a source; a weekend is 3 from evening to evening
LONGEST_PAST = 100  # days since the last date of a file; a quarter and some days
DUE = 1  # sessions: the estimated report is traded on in the next session, or is overdue
TICKERS_SHOWN = 5  # in a message
STALE_DATES, MISSING_DATES, STALE_SERIES = (
    "stale report dates",
    "missing report dates",
    "stale series",
)
ALL = "all tickers"


def observe_external(context: JobContext) -> list[Observation]:
    """Return what is observed of the sources of report dates and of the exogenous series.

    Each kind is observed in every run, also without a source, so that its alerts are cleared when
    the settings no longer name one.
    """
    sources = context.panels.external.event_sources
    return [
        _observe_nothing(STALE_DATES, "every source of report dates is up to date"),
        *(_observe_source(context, source) for source in sources),
        _observe_missing_dates(context),
        _observe_nothing(STALE_SERIES, "every exogenous series is up to date"),
        *(_observe_series(context, name) for name in list_series(context.config)),
    ]


def _observe_nothing(name: str, words: str) -> Observation:
    return Observation(name, "all", 0.0, 0.0, 0.0, words)


def _observe_source(context: JobContext, source: EventSourceState) -> Observation:
    """Return the days since a source answered, or since the last date of a file."""
    if source.is_file:
        return _observe_file(context, source)
    if source.faults:
        more = len(source.faults) - 1
        words = source.faults[0] + (f"; {more:,} more in the notes of the run" if more else "")
        return _observe_age(STALE_DATES, source.name, LONGEST_SILENCE + 1.0, LONGEST_SILENCE, words)
    if source.answered is None:
        words, days = f"the source {source.name} has never answered", LONGEST_SILENCE + 1.0
    else:
        answered = pd.Timestamp(source.answered)
        days = float((pd.Timestamp(context.now) - answered).days)
        words = (
            f"the source {source.name} last answered on {answered:%Y-%m-%d}, "
            f"{format_count(int(days), 'day')} ago"
        )
    words += (
        ": later changes of report dates are not known, and forecasts use those stored by then; "
        "`volcast data update --config FILE` says why, or remove it from data.events"
    )
    return _observe_age(STALE_DATES, source.name, days, LONGEST_SILENCE, words)


def _observe_file(context: JobContext, source: EventSourceState) -> Observation:
    if source.last_date is None:
        words, days = (
            f"the file {source.name} has no report date of these tickers",
            LONGEST_PAST + 1.0,
        )
    else:
        days = float((context.now.date() - source.last_date).days)
        words = f"the dates of {source.name} end on {source.last_date}, {int(days)} days ago"
    words += ": later reports are estimated; add newer dates, or remove it from data.events"
    return _observe_age(STALE_DATES, source.name, days, LONGEST_PAST, words)


def _observe_missing_dates(context: JobContext) -> Observation:
    """Return the tickers whose reports were announced so far, and the next of which is not.

    Those count of which the report is due by the estimate from past dates.
    """
    table = pd.DataFrame({"ticker": []})
    if list_event_entries(context.config):
        calendars = assign_calendars(context.panel.tickers, context.config)
        sessions = context.panel.sessions[: context.origin + 1]
        table = describe_report_knowledge(context.panels.external, calendars, sessions)
        is_due = (table["knowledge"] == ESTIMATED) & (table["ahead"] <= DUE)
        table = table[is_due & (table["lead"] > 0)]
    words = "no report is due without a date"
    if len(table):
        words = (
            f"the next report of {format_names(list(table['ticker']), TICKERS_SHOWN)} is due by "
            "earlier ones, which were announced, but no date of it is known: it is estimated; look "
            "it up, and add it to a file of data.events"
        )
    return Observation(MISSING_DATES, ALL, float(len(table)), 0.0, 0.0, words)


def _observe_series(context: JobContext, name: str) -> Observation:
    """Return the sessions of a series since its last close known at the origin."""
    series = context.panels.external.series
    own = series[(series["series"] == name) & (series["known_at"] <= _find_last_close(context))]
    if own.empty:
        words, behind = f"there are no closes of {name}", LONGEST_USE + 1.0
    else:
        calendar = find_calendar(name, context.config.data.calendar or None)
        last = own["session"].max()
        behind = float(len(sessions_between(calendar, last, context.day)) - 1)
        words = (
            f"the last close of {name} is of {last:%Y-%m-%d}, "
            f"{format_count(int(behind), 'session')} before"
        )
    words += (
        ": its features are missing; see what its source reports above, update its file, or remove "
        "it from data.exogenous"
    )
    return _observe_age(STALE_SERIES, name, behind, LONGEST_USE, words)


def _find_last_close(context: JobContext) -> pd.Timestamp:
    """Return the close of the origin on the exchange that closes last."""
    names = set(assign_calendars(context.panel.tickers, context.config).values())
    return max(closing_moments(name, pd.DatetimeIndex([context.day]))[0] for name in names)


def _observe_age(name: str, subject: str, age: float, limit: int, words: str) -> Observation:
    fresh = f"{subject} is up to date"
    return Observation(name, subject, age, limit, limit, words if age > limit else fresh)
