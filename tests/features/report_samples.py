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
