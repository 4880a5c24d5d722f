"""How often a source's coming date was right: announcements against records of what happened."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.sessions import previous_session, sessions_between
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.events.revisions import MAX_MOVE, active_versions

SESSIONS_BEFORE = 5
ACCURACY_COLUMNS = ("source", "reports", "right", "day_off", "further_off", "missing")


def measure_accuracy(
    events: pd.DataFrame,
    asked_first: Mapping[str, Mapping[str, pd.Timestamp]],
    calendar: str | None = None,
) -> pd.DataFrame:
    """Return how often each source's announced date agreed with the record.

    The announced date is the one that the source last reported `SESSIONS_BEFORE` sessions before
    the day of the record, at midnight in UTC, if it lies at most `revisions.MAX_MOVE` days from it.
    A record that is followed by another one within so many days, such as preliminary figures, is
    left out.

    Parameters
    ----------
    events
        An event table.
    asked_first
        Source to ticker to the moment at which it was first asked for; only records of tickers that
        were asked for by then are counted. A source that it does not name is counted from the first
        row it has of a ticker.
    calendar
        The calendar of tickers whose name does not identify an exchange.

    Returns
    -------
    The columns `ACCURACY_COLUMNS`, one row per source that announces: the number of reports, and
    the shares of those on the right day, a session off, further off, and of which no date was
    known.

    Examples
    --------
    >>> from volcast.pipeline.events.event_table import to_event_table
    >>> rows = {"date": ["2024-05-02", "2024-05-03"], "learnt_at": ["2024-04-01", "2024-05-03"]}
    >>> names = {"ticker": "A", "source": ["s", "sec"], "authoritative": [False, True]}
    >>> events = to_event_table(pd.DataFrame(names).assign(**rows))
    >>> measure_accuracy(events, {})[["source", "reports", "day_off"]].values.tolist()
    [['s', 1, 1.0]]
    """
    reports = _select_reports(events, calendar)
    announced = events[~events["authoritative"] & events["learnt_at"].notna()]
    rows = [
        _measure_source(
            str(source), reports, own, asked_first.get(str(source), _find_first(own)), calendar
        )
        for source, own in announced.groupby("source")
    ]
    return pd.DataFrame(rows, columns=list(ACCURACY_COLUMNS))


def _select_reports(events: pd.DataFrame, calendar: str | None) -> pd.DataFrame:
    """Return ticker, date and the cut-off of each record that no other one follows soon."""
    versions = active_versions(events)
    records = versions[versions["authoritative"]].sort_values(["ticker", "kind", "date"])
    following = records.groupby(["ticker", "kind"])["date"].shift(-1)
    alone = ~((following - records["date"]).dt.days <= MAX_MOVE)
    reports = records.loc[alone, ["ticker", "kind", "date"]].reset_index(drop=True)
    cuts = [
        _go_back(day, find_calendar(ticker, calendar))
        for ticker, day in zip(reports["ticker"], reports["date"], strict=True)
    ]
    return reports.assign(cut=pd.DatetimeIndex(cuts).tz_localize("UTC"))


def _go_back(day: pd.Timestamp, calendar: str) -> pd.Timestamp:
    for _ in range(SESSIONS_BEFORE):
        day = previous_session(calendar, day)
    return day


def _find_first(announced: pd.DataFrame) -> dict[str, pd.Timestamp]:
    return {str(t): first for t, first in announced.groupby("ticker")["learnt_at"].min().items()}


def _measure_source(
    source: str,
    reports: pd.DataFrame,
    announced: pd.DataFrame,
    first: Mapping[str, pd.Timestamp],
    calendar: str | None,
) -> tuple[object, ...]:
    by_ticker = dict(list(announced.sort_values("learnt_at").groupby("ticker")))
    gaps: list[float] = []
    for report in reports.to_dict("records"):
        ticker, cut, day = report["ticker"], report["cut"], report["date"]
        if ticker not in first or first[ticker] > cut:
            continue
        rows = by_ticker.get(ticker, announced.iloc[:0])
        known = rows[(rows["learnt_at"] <= cut) & (rows["kind"] == report["kind"])]
        last = known[known["date"] >= cut.tz_localize(None)].tail(1)["date"]
        near = last[(last - day).abs() <= pd.Timedelta(days=MAX_MOVE)]
        gaps += [_count_sessions(day, one, find_calendar(ticker, calendar)) for one in near] or [
            np.nan
        ]
    found = np.array(gaps)
    shares = [found == 0, found == 1, found > 1, np.isnan(found)]
    return (source, len(gaps), *(float(one.mean()) if len(gaps) else np.nan for one in shares))


def _count_sessions(one: pd.Timestamp, other: pd.Timestamp, calendar: str) -> float:
    """Return how many sessions lie between two days; another day is at least one off."""
    first, last = min(one, other), max(one, other)
    if first == last:
        return 0.0
    return float(max(1, len(sessions_between(calendar, first, last - pd.Timedelta(days=1)))))
