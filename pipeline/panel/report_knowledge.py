"""What is known of each ticker's earnings reports at an origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.known_reports import NEVER, KnownReports
from volcast.features.report_estimates import LONGEST_LEAD, estimate_reports
from volcast.features.report_history import settle_reports
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.panel.external import ExternalData
from volcast.pipeline.panel.known_reports import build_known_reports
from volcast.pipeline.text import format_count

ANNOUNCED, ESTIMATED, UNKNOWN = "announced", "estimated", "none"
NOTHING: dict[str, Any] = {
    "knowledge": UNKNOWN,
    "reports": 0,
    "last": pd.NaT,
    "lead": 0,
    "next": pd.NaT,
    "ahead": NEVER,
}


def describe_report_knowledge(
    external: ExternalData, calendars: Mapping[str, str], sessions: pd.DatetimeIndex
) -> pd.DataFrame:
    """Describe what is known of each ticker's reports at the close of the last of some sessions.

    It is what the features of reports are computed from.

    Parameters
    ----------
    external
        Its event versions.
    calendars
        Ticker to the name of its exchange's calendar.
    sessions
        Of the panel up to the origin; reports from before the first one are not known.

    Returns
    -------
    One row a ticker, in the order given:

    ticker
        The ticker.
    knowledge
        ``announced``: the date of a coming report is known. ``estimated``: only past reports are,
        and the next one is estimated from them. ``none``: no report is known.
    reports
        Number of past reports.
    last
        Date of the last one; NaT without any.
    lead
        How many sessions ahead the last one was announced, 0 to
        `volcast.features.report_estimates.LONGEST_LEAD`.
    next
        Date of the next report if it is announced, else the estimated session; NaT without any.
    ahead
        Sessions from the origin to the first one that can trade on it; not above 0 if an estimated
        report is overdue; `volcast.features.known_reports.NEVER` without any.

    Examples
    --------
    >>> from volcast.pipeline.panel.external import NOTHING_EXTERNAL
    >>> sessions = pd.bdate_range("2024-01-02", "2024-01-12")
    >>> describe_report_knowledge(NOTHING_EXTERNAL, {"SPY": "XNYS"}, sessions)["knowledge"].tolist()
    ['none']
    """
    rows: dict[str, dict[str, Any]] = {}
    for name in sorted(set(calendars.values())):
        own_sessions = sessions_between(name, sessions[0], sessions[-1])
        tickers = tuple(ticker for ticker, calendar in calendars.items() if calendar == name)
        if len(own_sessions):
            reports = build_known_reports(external.events, tickers, own_sessions, name)
            each = reports.split_by_column(len(tickers))
            described = (_describe_ticker(own, len(own_sessions)) for own in each)
            rows |= dict(zip(tickers, described, strict=True))
    table = pd.DataFrame([{"ticker": ticker, **rows.get(ticker, NOTHING)} for ticker in calendars])
    days = {name: pd.to_datetime(table[name]) for name in ("last", "next")}
    return table.assign(**days)


def describe_undated_reports(events: pd.DataFrame) -> list[str]:
    """Return a sentence if it is not known when some of the dates were learnt.

    Parameters
    ----------
    events
        Event versions.

    Examples
    --------
    >>> from volcast.pipeline.panel.external import NOTHING_EXTERNAL
    >>> describe_undated_reports(NOTHING_EXTERNAL.events)
    []
    """
    undated = int(events["learnt_at"].isna().sum())
    if not undated:
        return []
    return [
        f"it is not known when {undated:,} of {format_count(len(events), 'report date')} were "
        "learnt: those are dates as they are known afterwards, taken as announced "
        f"{LONGEST_LEAD} sessions ahead; `python -m benchmarks.events` measures what wrong dates "
        "cost"
    ]


def _describe_ticker(own: KnownReports, rows: int) -> dict[str, Any]:
    """Return the columns of one ticker from the versions of its reports."""
    if not len(own.day):
        return NOTHING
    origin = rows - 1
    past = settle_reports(own, np.zeros(rows))
    reports = past.reports  # in another order than `own`
    is_past = past.settled & (past.past_from <= origin) & (origin < past.past_until)
    is_valid = (reports.known_from <= origin) & (origin < reports.known_until)
    coming = np.flatnonzero(is_valid & (reports.second > origin))
    estimates = estimate_reports(past, rows)
    estimate = int(estimates.session[origin])
    found = {
        **NOTHING,
        "reports": int(is_past.sum()),
        "last": reports.day[is_past].max() if is_past.any() else pd.NaT,
        "lead": int(estimates.lead[origin]),
    }
    if len(coming):
        nearest = coming[reports.second[coming].argmin()]
        ahead = max(int(reports.first[nearest]) - origin, 1)
        return {**found, "knowledge": ANNOUNCED, "next": reports.day[nearest], "ahead": ahead}
    if estimate == NEVER:
        return found
    day = reports.calendar[estimate]
    return {**found, "knowledge": ESTIMATED, "next": day, "ahead": estimate - origin}
