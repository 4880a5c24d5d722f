"""From versions of events to the positions of known reports on the grid of an exchange."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.features._typing import DateArray
from volcast.features.known_reports import NEVER, KnownReports, Positions
from volcast.features.report_estimates import LONGEST_LEAD
from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.data.calendars.sessions import following_sessions
from volcast.pipeline.events.event_table import AFTER_CLOSE, BEFORE_OPEN, EARNINGS

Moments: TypeAlias = "pd.Timestamp | pd.Series[pd.Timestamp]"

FARTHEST_AHEAD = 100  # sessions ahead of which a report is not known yet
PLANNED_SESSIONS = 370  # after the last one: a year after it lies among them on every calendar


def build_known_reports(
    versions: pd.DataFrame, tickers: tuple[str, ...], sessions: pd.DatetimeIndex, calendar: str
) -> KnownReports:
    """Place the versions of the tickers' reports on the sessions of their exchange.

    A version is known at the close of a session if it was learnt at or before that close and not
    superseded by then. One without `learnt_at` counts as announced `LONGEST_LEAD` sessions before
    its reaction. No report is known more than `FARTHEST_AHEAD` ahead: then a row does not depend on
    whether the data go on after it.

    Positions count the sessions that took place. An unplanned closure (in New York one in several
    years) thus moves the reports after it before it was known, by as many sessions.

    Parameters
    ----------
    versions
        The event table with `superseded_at`, as
        `volcast.pipeline.events.revisions.active_versions` returns it.
    tickers, sessions
        Of the grid.
    calendar
        Name of the exchange's calendar.

    Returns
    -------
    The versions that are known at the close of any session. Reports from before the first session
    are left out.

    Examples
    --------
    >>> moments = pd.to_datetime(["2024-01-31 21:00Z"]).as_unit("us")  # as the session closes
    >>> row = {"ticker": "A", "date": "2024-02-01", "time": "after_close", "kind": "earnings"}
    >>> versions = pd.DataFrame([row]).astype({"date": "datetime64[us]"})
    >>> never = pd.DatetimeIndex([pd.NaT], tz="UTC")
    >>> versions = versions.assign(learnt_at=moments, superseded_at=never)
    >>> sessions = pd.bdate_range("2024-01-30", "2024-02-05")
    >>> reports = build_known_reports(versions, ("A",), sessions, "XNYS")
    >>> reports.known_from, str(reports.calendar[reports.first[0]])
    (array([1]), '2024-02-02')
    """
    planned = following_sessions(calendar, sessions[-1], PLANNED_SESSIONS)
    axis = sessions.append(planned).to_numpy("datetime64[D]")
    own = versions[(versions["kind"] == EARNINGS) & versions["ticker"].isin(tickers)]
    day = own["date"].to_numpy("datetime64[D]")
    first, second = _place_reactions(day, own["time"].to_numpy(str), axis)
    closes = closing_moments(calendar, sessions)
    learnt = _place_moments(own["learnt_at"], closes, np.maximum(first - LONGEST_LEAD, 0))
    reports = KnownReports(
        column=pd.Index(tickers).get_indexer(pd.Index(own["ticker"])),
        first=first,
        second=second,
        day=day,
        known_from=np.maximum(learnt, second - FARTHEST_AHEAD),
        known_until=_place_moments(own["superseded_at"], closes, NEVER),
        calendar=axis,
    )
    known = reports.known_from < np.minimum(reports.known_until, len(sessions))
    return reports.select((day >= axis[0]) & known)


def find_announced_day(calendar: str, session: pd.Timestamp) -> pd.Timestamp:
    """Return the last day whose reports are announced at a session, if it is not known when."""
    day: pd.Timestamp = following_sessions(calendar, session, LONGEST_LEAD)[-1]
    return day


def is_learnt(events: pd.DataFrame, close: Moments, announced_day: Moments) -> pd.Series[bool]:
    """Return which versions of events were learnt by a close, or one close for each.

    Parameters
    ----------
    events
        Versions, with `date` and `learnt_at`.
    close
        When the session closes, in UTC.
    announced_day
        Of the session (`find_announced_day`), for versions without `learnt_at`.
    """
    undated = events["learnt_at"].isna() & (events["date"] <= announced_day)
    return (events["learnt_at"] <= close) | undated


def _place_reactions(
    day: DateArray, time: NDArray[np.str_], axis: DateArray
) -> tuple[Positions, Positions]:
    """Return the earliest and the latest session that can be the first to trade on a report."""
    on_the_day, after_it = np.searchsorted(axis, day, "left"), np.searchsorted(axis, day, "right")
    first = np.where(time == AFTER_CLOSE, after_it, on_the_day)
    second = np.where(time == BEFORE_OPEN, on_the_day, after_it)
    return first, second


def _place_moments(
    moments: pd.Series[pd.Timestamp], closes: pd.DatetimeIndex, otherwise: Positions | int
) -> Positions:
    """Return the first session that closes at or after each moment; `otherwise` where it is NaT."""
    places = closes.searchsorted(pd.DatetimeIndex(moments.fillna(closes[0])), side="left")
    return np.where(moments.isna(), otherwise, places)
