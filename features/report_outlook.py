"""The probability that a ticker's next earnings report is traded on 1, 2, .. sessions ahead."""

from __future__ import annotations

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.known_reports import NEVER, Positions
from volcast.features.report_history import PastReports, TickerHistory

AHEAD = 22  # sessions for which probabilities are computed
FARTHEST = 30  # sessions to the next report, if it is that far or not known
LARGEST_ERROR = 10  # sessions between an estimated report and the true one; beyond, any
PRIOR_ERRORS = 10.0  # of estimates, before any is known
PRIOR_DECAY = 0.5  # of their frequency by session

Outlook = tuple[FloatArray, FloatArray]


def count_estimate_errors(pasts: list[PastReports], histories: list[TickerHistory]) -> FloatArray:
    """Count the errors of the estimates of all tickers, known at the close of each session.

    The estimate is the one of a month before the report.

    Parameters
    ----------
    pasts, histories
        By ticker, over T sessions.

    Returns
    -------
    (T, 2 * LARGEST_ERROR + 2): how often the report came -10 .. 10 sessions after the estimate, and
    in the last column later; with `PRIOR_ERRORS` of a two-sided geometric distribution.
    """
    rows = len(histories[0].estimate)
    counts = np.zeros((rows, 2 * LARGEST_ERROR + 2))
    errors = np.arange(-LARGEST_ERROR, LARGEST_ERROR + 2)
    prior = PRIOR_DECAY ** np.abs(errors)
    counts[0] = PRIOR_ERRORS * prior / prior.sum()
    for past, history in zip(pasts, histories, strict=True):
        first = past.reports.first[past.settled]
        made_at = first - AHEAD - 1
        estimate = history.estimate[np.maximum(made_at, 0)]
        error = first - estimate
        valid = (made_at >= 0) & (estimate != NEVER) & (error >= -LARGEST_ERROR)
        bins = np.minimum(error[valid], LARGEST_ERROR + 1) + LARGEST_ERROR
        np.add.at(counts, (past.past_from[past.settled][valid], bins), 1.0)
    return counts.cumsum(axis=0)


def compute_outlook(past: PastReports, history: TickerHistory, errors: FloatArray) -> Outlook:
    """Compute the chances of one ticker's next reaction session, and the distance to it.

    Parameters
    ----------
    past, history
        Of the ticker, over T sessions.
    errors
        As `count_estimate_errors` returns them.

    Returns
    -------
    chances
        (T, AHEAD) probability that the first session that trades on a report is t + 1, t + 2, ...
    distance
        (T,) expected sessions to it, at most `FARTHEST`.
    """
    chances, distance = _read_announcements(past, len(errors))
    estimated = np.flatnonzero(np.isinf(distance) & (history.estimate < NEVER))
    near = np.abs(history.estimate[estimated] - estimated) <= AHEAD + LARGEST_ERROR
    near_rows = estimated[near]
    chances[near_rows] = _spread_estimates(near_rows, history, errors)
    lead = history.lead[estimated]
    left = np.maximum(history.estimate[estimated] - estimated, lead + 1)
    distance[estimated] = left
    return chances, np.minimum(distance, FARTHEST)


def _read_announcements(past: PastReports, rows: int) -> Outlook:
    """Return the chances by announced dates, and the distance, infinite where there is none."""
    chances, distance = np.zeros((rows, AHEAD)), np.full(rows, np.inf)
    reports = past.reports
    for row in range(len(reports.first)):
        first, second = int(reports.first[row]), int(reports.second[row])
        share = past.first_share_before[row]
        start = int(reports.known_from[row])
        stop = min(int(reports.known_until[row]), second, rows)
        for position, weight in ((first, share), (second, 1.0 - share)):
            if weight == 0.0:
                continue
            known = np.arange(start, min(stop, position))
            ahead = position - known
            distance[known] = np.minimum(distance[known], ahead)
            near = ahead <= AHEAD
            chances[known[near], ahead[near] - 1] += weight
    return np.minimum(chances, 1.0), distance


def _spread_estimates(rows: Positions, history: TickerHistory, errors: FloatArray) -> FloatArray:
    """Return the chances (rows, AHEAD) around the estimated session, given none so far.

    A ticker whose last report was announced some sessions ahead will announce the next one too: it
    does not report within as many sessions.
    """
    ahead = np.arange(1, AHEAD + 1)
    late = 2 * LARGEST_ERROR + 1
    place = rows[:, None] + ahead - history.estimate[rows][:, None] + LARGEST_ERROR
    inside = (place >= 0) & (place < late)
    frequency = np.where(inside, errors[rows[:, None], np.clip(place, 0, late)], 0.0)
    frequency[ahead <= history.lead[rows][:, None]] = 0.0
    # All that is not too late already: the errors from the first open session on.
    from_end = errors[rows][:, ::-1].cumsum(axis=1)[:, ::-1]
    open_place = np.clip(place[:, 0] + history.lead[rows], 0, late)
    return np.asarray(frequency / np.take_along_axis(from_end, open_place[:, None], axis=1))
