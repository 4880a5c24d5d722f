"""Known reports from a few numbers, on a calendar that has a session every day."""

from typing import NamedTuple

import numpy as np

from volcast.features.known_reports import NEVER, KnownReports

FIRST_DAY = np.datetime64("2021-01-01")


class Report(NamedTuple):
    """A version of a report of ticker 0: by default known from the start, its time known."""

    first: int
    second: int | None = None  # that of first
    known_from: int = 0
    known_until: int = NEVER
    days_before: int = 0  # the day of the report lies before that of `first`
    column: int = 0


def build_reports(*reports: Report, days: np.ndarray | None = None) -> KnownReports:
    """Known reports; by default each day of three years is a session."""
    calendar = FIRST_DAY + np.arange(1100) if days is None else days
    first = np.array([r.first for r in reports], dtype=np.int64)
    second = [r.first if r.second is None else r.second for r in reports]
    return KnownReports(
        column=np.array([r.column for r in reports], dtype=np.int64),
        first=first,
        second=np.array(second, dtype=np.int64),
        day=calendar[first] - np.array([r.days_before for r in reports], dtype=np.int64),
        known_from=np.array([r.known_from for r in reports], dtype=np.int64),
        known_until=np.array([r.known_until for r in reports], dtype=np.int64),
        calendar=calendar,
    )


def random_versions(
    calendar: np.ndarray, rows: int, columns: int, rng: np.random.Generator
) -> KnownReports:
    """Versions as careless sources give them: several of a report, late, early and contradictory.

    Any number of them may be known at once, for the same or for different days, some of which are
    no sessions; the order is random.
    """
    last = len(calendar) - 2
    found = []
    for column in range(columns):
        spacing = int(rng.choice([8, 25, 62, 63, last]))
        for session in range(int(rng.integers(0, 20)), min(last, rows + 30), spacing):
            earliest, latest = max(session - 60, 0), min(session + 40, rows)
            learnt = np.sort(rng.integers(earliest, latest, rng.integers(1, 5)))
            for number, known_from in enumerate(learnt.tolist()):
                moved = int(rng.integers(-12, 13)) if rng.random() < 0.4 else 0
                first = int(np.clip(session + moved, 0, last))
                replaced = number + 1 < len(learnt) and rng.random() < 0.8
                until = learnt[number + 1] if replaced else known_from + rng.integers(1, 30)
                until = until if replaced or rng.random() < 0.2 else NEVER
                second, days_before = first + rng.integers(0, 2), rng.integers(0, 3)
                found.append((column, first, second, known_from, until, days_before))
    versions = rng.permutation(np.unique(np.array(found), axis=0))
    versions = versions[(versions[:, 3] < versions[:, 4]) & (versions[:, 3] < rows)]
    column, first, second, known_from, known_until, days_before = versions.T
    day = calendar[first] - days_before
    return KnownReports(column, first, second, day, known_from, known_until, calendar)
