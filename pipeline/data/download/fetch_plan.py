"""What to request from a source: nothing, the latest sessions, or the full history."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.quality.rules import range_excludes_body
from volcast.pipeline.data.store.merge import has_prices
from volcast.pipeline.data.store.ticker_state import FULL_HISTORY, TickerState

OVERLAP = 10  # sessions requested again
MAX_TRIES = 5  # fetches that ask for a missing session; after them it is taken not to exist


@dataclass(frozen=True)
class FetchPlan:
    """One request to a source.

    Parameters
    ----------
    start
        First session, included; None asks for everything that the source has.
    end
        Last session, included.
    full
        Whether the range covers the full history of the ticker.
    """

    start: dt.date | None
    end: dt.date
    full: bool


def plan_fetch(
    stored: pd.DataFrame,
    state: TickerState,
    settled: dt.date,
    start: dt.date | None,
    *,
    calendar: str,
    recheck: bool = False,
) -> FetchPlan | None:
    """Return what to request so that all bars from ``start`` to ``settled`` are stored.

    Parameters
    ----------
    stored
        The stored bars of the ticker, by session.
    state
        Its state: what was requested before, and how often in vain.
    settled
        The last session whose bar is final.
    start
        The first session wanted; None: as before, and for a new ticker the full history.
    calendar
        Its exchange calendar.
    recheck
        Compare the last sessions again even if none is missing.

    Returns
    -------
    The request; None if nothing can be new. A missing session alone is no reason to ask. If there
    is another reason, the request reaches back to the first missing session that was requested
    fewer than `MAX_TRIES` times.
    """
    priced = stored.index[has_prices(stored)]
    covered = state.asked_from or (priced[0].date() if len(priced) else None)
    if covered is None or not len(priced) or (start is not None and start < covered):
        return plan_full_history(stored, state, settled, start)
    if priced[-1].date() >= settled and not recheck:
        return None
    first = priced[-OVERLAP:][0]
    missing = [
        day
        for day in find_unusable_sessions(stored, calendar, settled)
        if _may_be_tried(day, state)
    ]
    begin = min([first, *missing]).date()
    return FetchPlan(begin, max(settled, priced[-1].date()), full=False)


def plan_full_history(
    stored: pd.DataFrame, state: TickerState, settled: dt.date, start: dt.date | None
) -> FetchPlan:
    """Return the request for all that is stored, was ever requested, or is wanted now."""
    begins = [start] if start else []
    begins += [state.asked_from] if state.asked_from else []
    begins += [stored.index[0].date()] if len(stored) else []
    begin = min(begins, default=FULL_HISTORY)
    return FetchPlan(None if begin == FULL_HISTORY else begin, settled, full=True)


def find_unusable_sessions(
    stored: pd.DataFrame, calendar: str, settled: dt.date
) -> pd.DatetimeIndex:
    """Return the sessions without a possible bar, from the first stored session to the last."""
    good = stored.index[has_prices(stored) & ~range_excludes_body(stored)]
    if not len(good):
        return pd.DatetimeIndex([])
    last = min(good[-1], pd.Timestamp(settled))
    return sessions_between(calendar, good[0], last).difference(pd.DatetimeIndex(good))


def _may_be_tried(day: pd.Timestamp, state: TickerState) -> bool:
    return state.tries.get(day.date().isoformat(), 0) < MAX_TRIES
