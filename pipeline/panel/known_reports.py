"""From versions of events to the positions of known reports on the grid of an exchange."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.features.known_reports import NEVER, KnownReports
from volcast.features.report_estimates import LONGEST_LEAD
from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.data.calendars.sessions import following_sessions

PLANNED_SESSIONS = 100  # after the last bar, in which a coming report may lie
EARNINGS = "earnings"


def build_known_reports(
    versions: pd.DataFrame, tickers: tuple[str, ...], sessions: pd.DatetimeIndex, calendar: str
) -> KnownReports:
    """Place the versions of the tickers' reports on the sessions of their exchange.

    A version is known at the close of a session if it was learnt before that close. One without
    `learnt_at` counts as announced `LONGEST_LEAD` sessions ahead.

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
    The reports of these tickers from the first session on; later ones than the planned sessions are
    left out.
    """
    planned = following_sessions(calendar, sessions[-1], PLANNED_SESSIONS)
    axis = sessions.append(planned).to_numpy("datetime64[D]")
    own = versions[(versions["kind"] == EARNINGS) & versions["ticker"].isin(tickers)]
    day = own["date"].to_numpy("datetime64[D]")
    on_the_day, after_it = np.searchsorted(axis, day, "left"), np.searchsorted(axis, day, "right")
    time = own["time"].to_numpy(str)
    first = np.where(time == "after_close", after_it, on_the_day)
    second = np.where(time == "before_open", on_the_day, after_it)
    closes = closing_moments(calendar, sessions)
    learnt = own["learnt_at"]
    known_from = np.where(
        learnt.isna(),
        np.maximum(first - LONGEST_LEAD, 0),
        closes.searchsorted(pd.DatetimeIndex(learnt.fillna(closes[0])), side="left"),
    )
    superseded = own["superseded_at"]
    known_until = np.where(
        superseded.isna(),
        NEVER,
        closes.searchsorted(pd.DatetimeIndex(superseded.fillna(closes[0])), side="left"),
    )
    reports = KnownReports(
        column=pd.Index(tickers).get_indexer(pd.Index(own["ticker"])),
        first=first,
        second=second,
        day=day,
        known_from=known_from,
        known_until=known_until,
        calendar=axis,
    )
    inside = (day >= axis[0]) & (second < len(axis))
    return reports.select(inside & (known_from < len(sessions)) & (known_from < known_until))
