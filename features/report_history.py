"""What a ticker's past earnings reports did: when they were traded on, and how large the move was.

The reaction session of a report is the first one that can trade on it. If the time of day is not
known, it is one of two; the probability that it is the first one comes from the ticker's habit
until both have closed, then from habit and surprises. The habit is the share of the ticker's
reports that the session of their own day traded on, shrunk to one half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from volcast.features._typing import BoolArray, FloatArray
from volcast.features.known_reports import KnownReports, Positions

HABIT_REPORTS = 2.0  # of an even habit, to which a ticker's own is shrunk
LOG_ODDS_PER_SURPRISE = 1.5  # of a reaction, as log variance rises by about 2 and varies by 1
HALF_LIFE = 4.0  # reports, of the mean surprise
LONGEST_MEMORY = 66  # sessions for which the last surprise counts


@dataclass(frozen=True, eq=False)
class PastReports:
    """The versions of one ticker's reports, with what is known of each after its reaction.

    Parameters
    ----------
    reports
        The V versions, in the order of `past_from`.
    past_from, past_until
        (V,) sessions between which the report is known as a past one: from the first close at which
        the version is known and both its sessions have closed; T or beyond if that is not in the
        data.
    settled
        (V,) whether the version was known as a past report at the close of any session.
    first_share_before
        (V,) probability that `first` is the reaction session, as known with the announcement.
    first_share
        (V,) the same from `past_from` on; NaN if it is not settled.
    surprise
        (V,) log variance of the reaction session less its mean before, the probable mean if it can
        be either of two; if one of these is not known, that of the likelier one. NaN if it is not
        known or not settled.
    """

    reports: KnownReports
    past_from: Positions
    past_until: Positions
    settled: BoolArray
    first_share_before: FloatArray
    first_share: FloatArray
    surprise: FloatArray


def settle_reports(reports: KnownReports, surprise: FloatArray) -> PastReports:
    """Find the reaction sessions of one ticker's reports, and how large the reactions were.

    Parameters
    ----------
    reports
        V versions of one ticker, in any order.
    surprise
        (T,) log variance less its mean over the sessions before; NaN where it is not known.

    Returns
    -------
    The reports; what is said of one is known at the close of its `past_from`.

    Examples
    --------
    A report of unknown time on session 1: the variance of session 2 tells that it was the reaction.

    >>> days = np.array(["2024-01-04", "2024-01-05", "2024-01-08"], "datetime64[D]")
    >>> one, two, never = np.array([1]), np.array([2]), np.array([2**31 - 1])
    >>> reports = KnownReports(np.array([0]), one, two, days[1:2], np.array([0]), never, days)
    >>> past = settle_reports(reports, np.array([0.0, 0.0, 2.0]))
    >>> past.first_share_before, past.first_share.round(2), past.surprise.round(2)
    (array([0.5]), array([0.05]), array([1.91]))
    """
    past_from = np.maximum(reports.second, reports.known_from)
    by_content = (reports.day, reports.known_from, reports.second, reports.first, past_from)
    order = np.lexsort(by_content)
    reports, past_from = reports.select(order), past_from[order]
    settled = (past_from < len(surprise)) & (past_from < reports.known_until)
    padded = np.append(surprise, np.nan)
    first, second = (
        padded[np.where(settled, position, len(surprise))]
        for position in (reports.first, reports.second)
    )
    before, share = _share_reactions(reports, past_from, settled, first - second)
    mean = share * first + (1.0 - share) * second
    value = np.where(np.isnan(mean), np.where(share >= 0.5, first, second), mean)
    return PastReports(reports, past_from, reports.known_until, settled, before, share, value)


def _share_reactions(
    reports: KnownReports, past_from: Positions, settled: BoolArray, difference: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the share of the first session, with the announcement and once both have closed.

    The habit is that of all versions settled so far, also of those replaced since.
    """
    from scipy.special import expit, logit  # a sixth of a second, and most panels have no reports

    unknown = reports.first < reports.second
    on_the_day = np.searchsorted(reports.calendar, reports.day)
    is_session = reports.calendar[np.minimum(on_the_day, len(reports.calendar) - 1)] == reports.day
    # A report of a weekend says nothing about the time of day.
    informative, early = unknown | is_session, on_the_day == reports.first
    announced_after = np.searchsorted(past_from[settled], reports.known_from, side="right")
    evidence = LOG_ODDS_PER_SURPRISE * np.nan_to_num(difference)
    before, share = np.ones(len(past_from)), np.where(settled, 1.0, np.nan)
    sum_first, count = HABIT_REPORTS / 2, HABIT_REPORTS
    habits = [sum_first / count]  # after each settled report
    for row in range(len(past_from)):
        if unknown[row]:
            before[row] = habits[min(int(announced_after[row]), len(habits) - 1)]
        if not settled[row]:
            continue
        if unknown[row]:
            share[row] = expit(logit(habits[-1]) + evidence[row])
        if informative[row]:
            sum_first += share[row] if unknown[row] else float(early[row])
            count += 1.0
        habits.append(sum_first / count)
    return before, share


def iter_periods(past: PastReports, rows: int) -> Iterator[tuple[slice, NDArray[np.intp]]]:
    """Yield the periods in which the same past reports are known, and which.

    Parameters
    ----------
    past
        The reports of one ticker.
    rows
        Number of sessions of the data.

    Yields
    ------
    The sessions of a period, and the positions in `past` of the known past reports in the order of
    their sessions, then of when they were learnt. Periods without any are left out.
    """
    settled = past.settled
    changes = np.concatenate([past.past_from[settled], past.past_until[settled]])
    starts = np.unique(changes[changes < rows])
    reports = past.reports
    by_session = np.lexsort((reports.known_from, reports.second, reports.first))
    by_session = by_session[settled[by_session]]
    past_from, past_until = past.past_from[by_session], past.past_until[by_session]
    for start, stop in pairwise([*starts.tolist(), rows]):
        known = by_session[(past_from <= start) & (start < past_until)]
        if len(known):
            yield slice(start, stop), known


@dataclass(frozen=True, eq=False)
class SurpriseHistory:
    """The surprises of a ticker's past reports, as known at the close of each session.

    Parameters
    ----------
    weighted, weight
        (T,) sum of the surprises, the newest with weight 1, those before it with a half-life of
        `HALF_LIFE` reports; and the sum of the weights. 0 if none is known.
    last
        (T,) surprise of the newest report, for `LONGEST_MEMORY` sessions; NaN if it is not known.
    """

    weighted: FloatArray
    weight: FloatArray
    last: FloatArray


def summarise_surprises(past: PastReports, rows: int) -> SurpriseHistory:
    """Summarise the surprises of one ticker's past reports for each of `rows` sessions."""
    weighted, weight, last = np.zeros(rows), np.zeros(rows), np.full(rows, np.nan)
    for period, known in iter_periods(past, rows):
        surprise, newest = past.surprise[known], int(known[-1])
        surprise = surprise[np.isfinite(surprise)]
        weights = 0.5 ** (np.arange(len(surprise))[::-1] / HALF_LIFE)
        weighted[period], weight[period] = weights @ surprise, weights.sum()
        forgotten = int(past.reports.first[newest]) + LONGEST_MEMORY + 1
        last[period.start : min(period.stop, forgotten)] = past.surprise[newest]
    return SurpriseHistory(weighted, weight, last)
