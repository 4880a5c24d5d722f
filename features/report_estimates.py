"""When a ticker's next earnings report is due according to its past ones, and how often that errs.

The estimate is the session of a report of a year before plus 364 days, which keeps the weekday; for
want of one, the last report plus 91 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.features._typing import FloatArray
from volcast.features.known_reports import NEVER, KnownReports, Positions
from volcast.features.report_history import PastReports, iter_periods

YEAR_LATER, QUARTER_LATER = np.timedelta64(364, "D"), np.timedelta64(91, "D")  # the same weekday
SHORTEST_QUARTER = 40  # sessions between two reports
LATE_QUARTER = 20  # sessions after a quarter, by which the report of a quarter may be later
OVERDUE = 10  # sessions for which an estimated report is waited for
LONGEST_LEAD = 10  # sessions ahead that a date counts as announced if it is not known when
AHEAD = 22  # sessions for which probabilities are computed
LARGEST_ERROR = 10  # sessions between an estimated report and the true one; beyond, any
PRIOR_ERRORS = 10.0  # of estimates, before any is known
PRIOR_DECAY = 0.5  # of their frequency by session

SmallPositions = NDArray[np.int32]  # those of all tickers are held at once


@dataclass(frozen=True, eq=False)
class ReportEstimates:
    """The estimated next report of one ticker, as known at the close of each session.

    Parameters
    ----------
    session
        (T,) position of its reaction session, at most `OVERDUE` sessions past; `NEVER` if no past
        report is known.
    lead
        (T,) how many sessions ahead the last report was announced, 0 to `LONGEST_LEAD`.
    """

    session: SmallPositions
    lead: SmallPositions


def estimate_reports(past: PastReports, rows: int) -> ReportEstimates:
    """Estimate one ticker's next report at the close of each session from those known as past.

    A report of unknown time counts with the first of its two sessions. An estimate holds until it
    is `OVERDUE` sessions past; then the next one does.

    Parameters
    ----------
    past
        The reports of one ticker.
    rows
        Number of sessions T.

    Examples
    --------
    >>> from volcast.features.report_history import settle_reports
    >>> days = np.arange("2024-01-01", "2024-12-31", dtype="datetime64[D]")
    >>> zero, never = np.array([0]), np.array([2**31 - 1])
    >>> reports = KnownReports(zero, zero + 5, zero + 5, days[5:6], zero, never, days)
    >>> past = settle_reports(reports, np.zeros(120))
    >>> estimates = estimate_reports(past, 120)
    >>> estimates.session[[5, 106]], estimates.lead[5]  # 91 days later, 10 sessions over time
    (array([96, 96], dtype=int32), np.int32(5))
    """
    session, lead = np.full(rows, NEVER, dtype=np.int32), np.zeros(rows, dtype=np.int32)
    reports = past.reports
    leads = np.clip(reports.first - _find_announcements(reports), 0, LONGEST_LEAD)
    days = reports.calendar[np.minimum(reports.first, len(reports.calendar) - 1)]
    year_later = np.searchsorted(reports.calendar, days + YEAR_LATER)
    quarter_later = np.searchsorted(reports.calendar, days + QUARTER_LATER)
    for period, known in iter_periods(past, rows):
        last = known[-1]
        lead[period] = leads[last]
        years = year_later[known]
        years = years[years > reports.first[last] + SHORTEST_QUARTER]
        oldest = np.arange(period.start, period.stop) - OVERDUE
        session[period] = _choose_estimate(years, int(quarter_later[last]), oldest)
    return ReportEstimates(session, lead)


def _find_announcements(reports: KnownReports) -> Positions:
    """Return from when on the day of each version was announced, by this or another version."""
    _, day = np.unique(reports.day, return_inverse=True)
    earliest = np.full(len(reports.day), NEVER)
    np.minimum.at(earliest, day, reports.known_from)
    return np.asarray(earliest[day])


def _choose_estimate(years: Positions, quarter: int, oldest: NDArray[np.intp]) -> Positions:
    """Return the first estimate that is not older than `oldest`, of the years' and the quarter's.

    `years` are in the order of the reports, which is also their own.
    """
    candidates = np.append(years, NEVER)
    found = candidates[np.searchsorted(candidates, oldest)]
    return np.where((found > quarter + LATE_QUARTER) & (oldest <= quarter), quarter, found)


def count_estimate_errors(
    pasts: Sequence[PastReports], estimates: Sequence[ReportEstimates]
) -> FloatArray:
    """Count the errors of the estimates of all tickers, known at the close of each session.

    The estimate is the one made `AHEAD` + 1 sessions before the report. Reports that came more than
    `LARGEST_ERROR` sessions before it are not counted: then it was for another one.

    Parameters
    ----------
    pasts, estimates
        By ticker, over T sessions.

    Returns
    -------
    (T, 2 * LARGEST_ERROR + 2): how often the report came -10 .. 10 sessions after the estimate, and
    in the last column later; with `PRIOR_ERRORS` of a two-sided geometric distribution.
    """
    rows = len(estimates[0].session)
    counts = np.zeros((rows, 2 * LARGEST_ERROR + 2))
    prior = PRIOR_DECAY ** np.abs(np.arange(-LARGEST_ERROR, LARGEST_ERROR + 2))
    counts[0] = PRIOR_ERRORS * prior / prior.sum()
    for past, own in zip(pasts, estimates, strict=True):
        made_at = past.reports.first - AHEAD - 1
        estimate = own.session[np.clip(made_at, 0, rows - 1)]
        error = past.reports.first - estimate
        counted = past.settled & (made_at >= 0) & (estimate != NEVER) & (error >= -LARGEST_ERROR)
        bins = np.minimum(error[counted], LARGEST_ERROR + 1) + LARGEST_ERROR
        np.add.at(counts, (past.past_from[counted], bins), 1.0)
    return np.asarray(counts.cumsum(axis=0))
