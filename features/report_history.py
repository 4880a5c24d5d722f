"""What past earnings reports say about a ticker: its reactions, its habits, its next date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from volcast.features._typing import BoolArray, FloatArray
from volcast.features.known_reports import NEVER, KnownReports, Positions

YEAR_LATER, QUARTER_LATER = np.timedelta64(364, "D"), np.timedelta64(91, "D")  # the same weekday
SHORTEST_QUARTER = 40  # sessions between two reports
LATE_QUARTER = 20  # sessions after a quarter, by which the report of a quarter may be later
OVERDUE = 10  # sessions for which an estimated report is waited for
LONGEST_LEAD = 10  # sessions ahead that a date counts as announced if it is not known when
HALF_LIFE = 4.0  # reports, of the mean surprise
HABIT_REPORTS = 2.0  # of an even habit, to which a ticker's own is shrunk
LOG_ODDS_PER_SURPRISE = 1.5  # of a reaction, as log variance rises by about 2 and varies by 1


@dataclass(frozen=True, eq=False)
class PastReports:
    """The versions of one ticker's reports, with what is known of each after its reaction.

    Parameters
    ----------
    reports
        The V versions, in the order of `past_from`.
    past_from, past_until
        (V,) sessions between which the report is known as a past one; `past_from` is T or beyond
        if it has not happened in the data.
    first_share_before
        (V,) probability that `first` is the reaction session, as known with the announcement.
    first_share
        (V,) the same, once both sessions have passed.
    surprise
        (V,) mean surprise of the reaction session in log variance; NaN if it is not known.
    """

    reports: KnownReports
    past_from: Positions
    past_until: Positions
    first_share_before: FloatArray
    first_share: FloatArray
    surprise: FloatArray

    @property
    def settled(self) -> BoolArray:
        """(V,) whether the version was known as a past report at any time in the data."""
        return np.isfinite(self.first_share)


def settle_reports(reports: KnownReports, surprise: FloatArray) -> PastReports:
    """Find the reaction sessions of one ticker's reports, and how large the reactions were.

    Where the time of day is unknown, the larger surprise of the two sessions and the ticker's habit
    decide; both as known when the later of the two sessions has closed.

    Parameters
    ----------
    reports
        Versions of one ticker.
    surprise
        (T,) log variance less its mean over the sessions before.
    """
    past_from = np.maximum(reports.second, reports.known_from)
    reports = reports.select(order := np.argsort(past_from, kind="stable"))
    past_from = past_from[order]
    happened = (past_from < len(surprise)) & (past_from < reports.known_until)
    padded = np.append(surprise, np.nan)
    first, second = (
        padded[np.where(happened, position, len(surprise))]
        for position in (reports.first, reports.second)
    )
    before, after = _share_reactions(reports, past_from, happened, first - second)
    known = np.where(after == 1.0, first, np.where(after == 0.0, second, np.nan))
    both = after * np.nan_to_num(first) + (1.0 - after) * np.nan_to_num(second)
    missing = np.isnan(np.where(after >= 0.5, first, second))
    value = np.where(np.isnan(known), np.where(missing, np.nan, both), known)
    return PastReports(reports, past_from, reports.known_until, before, after, value)


def _share_reactions(
    reports: KnownReports, past_from: Positions, happened: BoolArray, difference: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the share of the first session, with the announcement and once both have passed."""
    certain = reports.first == reports.second
    on_the_day = reports.calendar[np.minimum(reports.first, len(reports.calendar) - 1)]
    on_the_day = on_the_day == reports.day
    before, after = np.ones(len(past_from)), np.full(len(past_from), np.nan)
    known_habits = [0.5]  # after each past report
    firsts, count = HABIT_REPORTS / 2, HABIT_REPORTS
    times = past_from[happened]
    for row in range(len(past_from)):
        if not certain[row]:
            seen = np.searchsorted(times, reports.known_from[row], side="right")
            before[row] = known_habits[min(int(seen), len(known_habits) - 1)]
        if not happened[row]:
            continue
        after[row] = 1.0
        if not certain[row]:
            log_odds = np.log(known_habits[-1] / (1.0 - known_habits[-1]))
            log_odds += LOG_ODDS_PER_SURPRISE * np.nan_to_num(difference[row])
            after[row] = 1.0 / (1.0 + np.exp(-log_odds))
        firsts += after[row] if not certain[row] else float(on_the_day[row])
        count += 1.0
        known_habits.append(firsts / count)
    return before, after


def iter_periods(past: PastReports, rows: int) -> Iterator[tuple[slice, NDArray[np.intp]]]:
    """Yield the periods in which the same past reports are known, and which, by their sessions.

    Parameters
    ----------
    past
        The reports of one ticker.
    rows
        Number of sessions of the data.

    Yields
    ------
    The sessions of a period, and the positions in `past` of the known past reports, oldest first.
    """
    settled = past.settled
    changes = np.concatenate([past.past_from[settled], past.past_until[settled]])
    starts = np.unique(changes[changes < rows])
    by_session = np.lexsort((past.past_from, past.reports.first))
    for start, stop in pairwise(np.append(starts, rows)):
        known = settled & (past.past_from <= start) & (start < past.past_until)
        yield slice(int(start), int(stop)), by_session[known[by_session]]


@dataclass(frozen=True, eq=False)
class TickerHistory:
    """What is known of a ticker's past reports at the close of each session.

    Parameters
    ----------
    weighted_surprise, weight
        (T,) sum of the surprises of past reports, the newest with weight 1, those before it with a
        half-life of `HALF_LIFE` reports; and the sum of the weights.
    last_surprise
        (T,) that of the newest past report; NaN if there is none.
    last_session
        (T,) its session; -1 if there is none.
    lead
        (T,) how many sessions ahead it was announced, 0 if it was not.
    estimate
        (T,) the session of the next report as estimated from the past: that of a year before plus
        364 days, else the last plus 91 days. `NEVER` if there is none.
    """

    weighted_surprise: FloatArray
    weight: FloatArray
    last_surprise: FloatArray
    last_session: Positions
    lead: Positions
    estimate: Positions


def summarise_history(past: PastReports, rows: int) -> TickerHistory:
    """Summarise one ticker's past reports for each of `rows` sessions."""
    total, weight = np.zeros(rows), np.zeros(rows)
    last_surprise, lead = np.full(rows, np.nan), np.zeros(rows, dtype=np.int64)
    last_session, estimate = np.full(rows, -1), np.full(rows, NEVER)
    reports = past.reports
    for period, known in iter_periods(past, rows):
        if not len(known):
            continue
        surprise, last = past.surprise[known], known[-1]
        finite = np.isfinite(surprise)
        surprise = surprise[finite]
        weights = 0.5 ** (np.arange(len(surprise))[::-1] / HALF_LIFE)
        total[period], weight[period] = weights @ surprise, weights.sum()
        last_surprise[period] = past.surprise[last]
        last_session[period] = reports.first[last]
        lead[period] = np.clip(reports.first[last] - reports.known_from[last], 0, LONGEST_LEAD)
        estimate[period] = _estimate_next(reports, known, np.arange(period.start, period.stop))
    return TickerHistory(total, weight, last_surprise, last_session, lead, estimate)


def _estimate_next(
    reports: KnownReports, known: NDArray[np.intp], sessions: NDArray[np.intp]
) -> Positions:
    """Return the estimated session of the next report after each of some sessions."""
    last = reports.first[known[-1]]
    # The reaction session of a year before, moved by 52 weeks, keeps the time of day.
    days = reports.calendar[reports.first[known]]
    year_later = np.sort(np.searchsorted(reports.calendar, days + YEAR_LATER))
    year_later = year_later[year_later > last + SHORTEST_QUARTER]
    quarter_later = np.searchsorted(reports.calendar, days[-1] + QUARTER_LATER)
    candidates = np.append(year_later, NEVER)
    found = candidates[np.searchsorted(candidates, sessions - OVERDUE, side="left")]
    waited = sessions - OVERDUE <= quarter_later
    return np.where((found > quarter_later + LATE_QUARTER) & waited, quarter_later, found)
