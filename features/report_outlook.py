"""The probability that a ticker's next earnings report is traded on 1, 2, .. sessions ahead."""

from __future__ import annotations

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.known_reports import NEVER, Positions
from volcast.features.report_estimates import AHEAD, LARGEST_ERROR, ReportEstimates
from volcast.features.report_history import PastReports

FARTHEST = 30  # sessions to the next report, if it is that far or not known

Outlook = tuple[FloatArray, FloatArray]


def compute_outlook(past: PastReports, estimates: ReportEstimates, errors: FloatArray) -> Outlook:
    """Compute the chances of one ticker's next reaction session, and the distance to it.

    They come from the announced dates where there is one to come, however far ahead, else from the
    estimated one.

    Parameters
    ----------
    past, estimates
        Of the ticker, over T sessions.
    errors
        Of the estimates, as `volcast.features.report_estimates.count_estimate_errors` returns them.

    Returns
    -------
    chances
        (T, AHEAD) probability that the first session that trades on a report is t + 1, t + 2, ...
        They add up to 1 at most.
    distance
        (T,) sessions to the nearest session that may trade on an announced report, or to the
        estimated one, at least the first that is possible; at most `FARTHEST`.
    """
    chances, distance = _read_announcements(past, len(errors))
    estimated = np.flatnonzero(np.isinf(distance) & (estimates.session < NEVER))
    ahead = estimates.session[estimated] - estimated
    near = estimated[np.abs(ahead) <= AHEAD + LARGEST_ERROR]
    chances[near] = _spread_estimates(near, estimates, errors)
    distance[estimated] = np.maximum(ahead, estimates.lead[estimated] + 1)
    return chances, np.minimum(distance, FARTHEST)


def _read_announcements(past: PastReports, rows: int) -> Outlook:
    """Return the chances by announced dates, and the distance, infinite where there is none."""
    chances, distance = np.zeros((rows, AHEAD)), np.full(rows, np.inf)
    reports = past.reports
    stops = np.minimum(reports.known_until, rows)
    columns = (reports.first, reports.second, reports.known_from, stops, past.first_share_before)
    for first, second, start, stop, share in zip(*(c.tolist() for c in columns), strict=True):
        for position, weight in ((first, share), (second, 1.0 - share)):
            known = np.arange(start, min(stop, position))
            if weight == 0.0 or not len(known):
                continue
            ahead = position - known
            distance[known] = np.minimum(distance[known], ahead)
            near = ahead <= AHEAD
            chances[known[near], ahead[near] - 1] += weight
    # Of two reports that are both announced the next one is the nearer.
    total = np.minimum(chances.cumsum(axis=1), 1.0)
    return np.diff(total, axis=1, prepend=0.0), distance


def _spread_estimates(
    rows: Positions, estimates: ReportEstimates, errors: FloatArray
) -> FloatArray:
    """Return the chances (rows, AHEAD) around the estimated session, given none so far.

    A ticker whose last report was announced some sessions ahead will announce the next one too: it
    does not report within as many sessions.
    """
    ahead = np.arange(1, AHEAD + 1)
    later = 2 * LARGEST_ERROR + 1  # the column of all later ones
    lead, counts = estimates.lead[rows], errors[rows]
    place = (rows - estimates.session[rows])[:, None] + ahead + LARGEST_ERROR
    possible = (place >= 0) & (place < later) & (ahead > lead[:, None])
    frequency = np.take_along_axis(counts, np.clip(place, 0, later), axis=1) * possible
    # All that is not too late already: the errors from the first possible session on.
    from_end = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    first_place = np.clip(place[:, 0] + lead, 0, later)
    return np.asarray(frequency / np.take_along_axis(from_end, first_place[:, None], axis=1))
