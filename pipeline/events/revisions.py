"""Versions of an event: which row of an event table was valid from when until when.

A date that moves is a new row with a later ``learnt_at``; so is the record of what happened. This
file decides which rows are about the same event, and which of them holds (decision 0029).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.pipeline.events.event_table import EVENT_COLUMNS, UNKNOWN

VERSION_COLUMNS = (*EVENT_COLUMNS, "superseded_at")
# Days. Quarterly reports are rarely closer: 0.2 % of the intervals between those of 3,602 US
# companies from 2012 to 2018 are shorter.
MAX_MOVE = 45
# Days. A Form 8-K is due within four business days. A filing that comes earlier than that before
# an announced date holds preliminary figures, and the date still stands.
SAME_REPORT = 6
NEVER = np.iinfo(np.int64).min  # how pandas stores NaT

Relation = Literal["separate", "repeats", "is superseded", "supersedes"]


@dataclass(frozen=True)
class _Row:
    """One row: days and microseconds since 1970; a moment that is not known is `NEVER`."""

    day: int
    time: str
    learnt: int
    learnt_day: int
    authoritative: bool


def active_versions(events: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are versions of an event, and when each was superseded.

    Rows of a ticker and kind are taken in the order in which they were learnt, those of unknown
    ``learnt_at`` first, and compared with the versions that hold then:

    - An announced date that lies at most `MAX_MOVE` days from another one, still to come on the
      (UTC) day on which it is learnt, supersedes it: the date moved.
    - A record of what happened (``authoritative``) supersedes an announced date up to `MAX_MOVE`
      days before or `SAME_REPORT` days after it. An announcement of such a date that is learnt
      after the record is superseded at once. A record never yields to an announcement.
    - A row on the same day that adds no time of day, and a second record within `SAME_REPORT` days,
      repeat a version and are left out; a record takes over from an announcement that it confirms.
      A row that adds the time of day supersedes, whichever of the two is the record.
    - Of rows whose ``learnt_at`` is not known, announced ones on different days all hold.

    Parameters
    ----------
    events
        An event table.

    Returns
    -------
    The columns `VERSION_COLUMNS`, sorted as an event table. Version t holds at the moments from
    ``learnt_at`` (always, if NaT) to before ``superseded_at`` (datetime64[us, UTC]; NaT: it still
    holds). Where the two are equal the version never held.

    Examples
    --------
    >>> from volcast.pipeline.events.event_table import to_event_table
    >>> moments = ["2024-01-10T12Z", "2024-01-20T12Z"]
    >>> rows = pd.DataFrame({"date": ["2024-02-01", "2024-02-06"], "learnt_at": moments})
    >>> versions = active_versions(to_event_table(rows.assign(ticker="AAPL")))
    >>> [str(moment) for moment in versions["superseded_at"]]  # the date moved
    ['2024-01-20 12:00:00+00:00', 'NaT']
    """
    learnt = events["learnt_at"].dt.tz_localize(None).to_numpy("datetime64[us]").view("int64")
    order = np.lexsort((events["date"], ~events["authoritative"], learnt))
    group = events.groupby(["ticker", "kind"], sort=False).ngroup().to_numpy()
    order = order[np.argsort(group[order], kind="stable")]
    rows = _list_rows(events)
    superseded_at = np.full(len(events), NEVER)
    kept = np.zeros(len(events), dtype=bool)
    bounds = np.flatnonzero(np.diff(group[order], prepend=-1, append=-1))
    for first, last in pairwise(bounds):
        _follow_group(rows, order[first:last].tolist(), kept, superseded_at)
    ends = pd.Series(superseded_at.view("datetime64[us]"), index=events.index).dt.tz_localize("UTC")
    return events.assign(superseded_at=ends)[kept].reset_index(drop=True)[list(VERSION_COLUMNS)]


def _list_rows(events: pd.DataFrame) -> list[_Row]:
    learnt = events["learnt_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
    learnt_day = np.where(np.isnat(learnt), NEVER, learnt.astype("datetime64[D]").view("int64"))
    columns = (
        events["date"].to_numpy("datetime64[D]").view("int64").tolist(),
        events["time"].tolist(),
        learnt.view("int64").tolist(),
        learnt_day.tolist(),
        events["authoritative"].tolist(),
    )
    return [_Row(*values) for values in zip(*columns, strict=True)]


def _follow_group(
    rows: list[_Row],
    numbers: list[int],
    kept: NDArray[np.bool_],
    superseded_at: NDArray[np.int64],
) -> None:
    """Go through the rows of one ticker and kind in the order in which they were learnt."""
    days: list[int] = []  # of the versions that hold, ascending
    holding: list[int] = []  # their numbers
    for number in numbers:
        new = rows[number]
        first, last = bisect_left(days, new.day - MAX_MOVE), bisect_right(days, new.day + MAX_MOVE)
        relations = [_relate(rows[old], new) for old in holding[first:last]]
        if "repeats" in relations:
            continue
        kept[number] = True
        if "is superseded" in relations:
            superseded_at[number] = new.learnt
            continue
        for at in reversed(range(first, last)):
            if relations[at - first] == "supersedes":
                superseded_at[holding[at]] = new.learnt
                kept[holding[at]] = new.learnt != NEVER  # else the two were never told apart
                del days[at], holding[at]
        place = bisect_right(days, new.day)
        days.insert(place, new.day)
        holding.insert(place, number)


def _relate(old: _Row, new: _Row) -> Relation:
    """Return what a row is to a version within `MAX_MOVE` days that holds when it is learnt."""
    if new.day == old.day:
        return _relate_on_one_day(old, new)
    if new.authoritative and old.authoritative:
        return "repeats" if abs(new.day - old.day) <= SAME_REPORT else "separate"
    if new.authoritative:
        return "supersedes" if old.day - new.day <= SAME_REPORT else "separate"
    if old.authoritative:
        return "separate" if new.day - old.day > SAME_REPORT else _yield_to_record(new)
    return "supersedes" if _is_to_come(old, new) else "separate"


def _relate_on_one_day(old: _Row, new: _Row) -> Relation:
    if new.time == old.time:
        return "supersedes" if new.authoritative and not old.authoritative else "repeats"
    if UNKNOWN in (old.time, new.time):
        return "supersedes" if old.time == UNKNOWN else "repeats"
    if new.authoritative != old.authoritative:
        return "supersedes" if new.authoritative else _yield_to_record(new)
    return "supersedes" if not new.authoritative and _is_to_come(old, new) else "repeats"


def _yield_to_record(new: _Row) -> Relation:
    return "repeats" if new.learnt == NEVER else "is superseded"


def _is_to_come(old: _Row, new: _Row) -> bool:
    """Return whether a version was still to come when a row was learnt."""
    return new.learnt != NEVER and old.day >= new.learnt_day
