"""Known earnings reports: which were announced at the close of each session, and for when."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from volcast.features._typing import DateArray

Positions = NDArray[np.int64]

NEVER = np.iinfo(np.int32).max  # the position of a session that does not come
BY_VERSION = ("column", "first", "second", "day", "known_from", "known_until")


@dataclasses.dataclass(frozen=True, eq=False)
class KnownReports:
    """Versions of reports, each with the sessions between which it was known.

    A report is a version of its date: when the date moves, the first version ends and another
    begins. The reaction session is the first one that can trade on the report: that of the day for
    a report before the open, the next one for a report after the close. Positions count sessions of
    the grid from 0; T and beyond are planned sessions after its last one.

    Parameters
    ----------
    column
        (V,) position of the ticker.
    first, second
        (V,) positions of the earliest and the latest possible reaction session: different ones, one
        after the other, if the time of day is unknown.
    day
        (V,) dates of the reports.
    known_from, known_until
        (V,) the version is known at the close of session t if ``known_from <= t < known_until``;
        `NEVER` for one that was not replaced.
    calendar
        (C,) dates of the sessions, then of planned ones, C > T.

    Raises
    ------
    ValueError
        If the lengths differ, or the reaction sessions are not the same or neighbours.

    Examples
    --------
    >>> days = np.array(["2024-01-04", "2024-01-05", "2024-01-08"], "datetime64[D]")
    >>> reports = KnownReports(
    ...     column=np.array([0]),
    ...     first=np.array([2]),
    ...     second=np.array([2]),
    ...     day=days[2:],
    ...     known_from=np.array([1]),
    ...     known_until=np.array([NEVER]),
    ...     calendar=days,
    ... )
    >>> len(reports.until(0).column), len(reports.until(1).column)
    (0, 1)
    """

    column: Positions
    first: Positions
    second: Positions
    day: DateArray
    known_from: Positions
    known_until: Positions
    calendar: DateArray

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in BY_VERSION}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"the versions of reports differ in length: {lengths}")
        if not np.isin(self.second - self.first, (0, 1)).all():
            raise ValueError("second must be the session of first or the one after it")

    def until(self, t: int) -> KnownReports:
        """Return what was known at the close of session t."""
        known = self.select(self.known_from <= t)
        return dataclasses.replace(
            known, known_until=np.where(known.known_until <= t, known.known_until, NEVER)
        )

    def select(self, chosen: NDArray[np.bool_] | NDArray[np.intp] | slice) -> KnownReports:
        """Return some of the versions, by a mask, by their positions or by a slice."""
        kept = {name: getattr(self, name)[chosen] for name in BY_VERSION}
        return dataclasses.replace(self, **kept)

    def split_by_column(self, count: int) -> list[KnownReports]:
        """Return the versions of each of the first `count` columns, in the order they are in."""
        ordered = self.select(np.argsort(self.column, kind="stable"))
        bounds = np.searchsorted(ordered.column, np.arange(count + 1)).tolist()
        return [ordered.select(slice(*between)) for between in pairwise(bounds)]

    def corrupt_after(self, t: int, rng: np.random.Generator) -> KnownReports:
        """Return versions of which those learnt after session t are replaced by invented ones.

        Whether and when a version known at t is replaced after t is changed too.
        """
        known = self.until(t)
        replaced = (known.known_until == NEVER) & (rng.random(len(known.column)) < 0.5)
        known = dataclasses.replace(known, known_until=np.where(replaced, t + 1, known.known_until))
        count = max(len(self.column) - len(known.column), 1)
        last = len(self.calendar) - 1
        chosen = rng.integers(0, last, count)  # of the past too: a date may be corrected later
        invented = {
            "column": rng.choice(np.append(self.column, 0), count),
            "first": chosen,
            "second": chosen + rng.integers(0, 2, count),
            "day": self.calendar[chosen],
            "known_from": rng.integers(t + 1, last + 2, count),
            "known_until": np.full(count, NEVER),
        }
        return dataclasses.replace(
            known,
            **{name: np.concatenate([getattr(known, name), invented[name]]) for name in BY_VERSION},
        )
