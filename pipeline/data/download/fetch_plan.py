"""What to ask a source for: nothing, the latest sessions, or the whole history."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.quality.rules import range_excludes_body
from volcast.pipeline.data.store.merge import priced
from volcast.pipeline.data.store.ticker_state import ALL_THERE_IS, TickerState

OVERLAP = 10  # sessions asked for again
TRIES = 5  # fetches that may ask for a missing session before it is taken for one that never was


@dataclass(frozen=True)
class FetchPlan:
    """A fetch to make: sessions from ``start`` (None: all there is) to ``end``, both included."""

    start: dt.date | None
    end: dt.date
    whole: bool


def plan_fetch(
    stored: pd.DataFrame,
    note: TickerState,
    settled: dt.date,
    start: dt.date | None,
    *,
    calendar: str,
    recheck: bool = False,
) -> FetchPlan | None:
    """Return what to ask for so that all bars from ``start`` to ``settled`` are there.

    Parameters
    ----------
    stored
        What is known of the ticker, by session.
    note
        What is noted of it.
    settled
        The last session whose bar is final.
    start
        The first session wanted; None wants what was wanted before, of a new ticker all there is.
    calendar
        Its exchange calendar.
    recheck
        Compare the last sessions again even if none is missing.

    Returns
    -------
    None if nothing can be new. A missing session alone is no reason to ask; when there is another
    one, the fetch reaches back to the first missing session that it has not been tried for too
    often.

    """
    has = stored.index[priced(stored)]
    covered = note.asked_from or (has[0].date() if len(has) else None)
    if covered is None or not len(has) or (start is not None and start < covered):
        return whole_history(stored, note, settled, start)
    if has[-1].date() >= settled and not recheck:
        return None
    first = has[-OVERLAP:][0]
    missing = [day for day in unusable(stored, calendar, settled) if _worth_asking(day, note)]
    begin = min([first, *missing]).date()
    return FetchPlan(begin, max(settled, has[-1].date()), whole=False)


def whole_history(
    stored: pd.DataFrame, note: TickerState, settled: dt.date, start: dt.date | None
) -> FetchPlan:
    """Return the fetch of everything that is stored, was ever asked for, or is wanted now."""
    begins = [start] if start else []
    begins += [note.asked_from] if note.asked_from else []
    begins += [stored.index[0].date()] if len(stored) else []
    begin = min(begins, default=ALL_THERE_IS)
    return FetchPlan(None if begin == ALL_THERE_IS else begin, settled, whole=True)


def unusable(stored: pd.DataFrame, calendar: str, settled: dt.date) -> pd.DatetimeIndex:
    """Return the sessions from the first stored one to the last that have no possible bar."""
    good = stored.index[priced(stored) & ~range_excludes_body(stored)]
    if not len(good):
        return pd.DatetimeIndex([])
    last = min(good[-1], pd.Timestamp(settled))
    return sessions_between(calendar, good[0], last).difference(pd.DatetimeIndex(good))


def _worth_asking(day: pd.Timestamp, note: TickerState) -> bool:
    return note.tries.get(day.date().isoformat(), 0) < TRIES
