"""What the features of earnings reports are made of, ticker by ticker, computed once for a grid."""

from __future__ import annotations

from dataclasses import dataclass, fields
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np

from volcast.features._typing import BoolArray, FloatArray
from volcast.features.bars import QUARTER, Bars
from volcast.features.known_reports import KnownReports
from volcast.features.report_history import (
    PastReports,
    TickerHistory,
    settle_reports,
    summarise_history,
)
from volcast.features.report_outlook import compute_outlook, count_estimate_errors
from volcast.features.windows import lag_rows, window_mean

PRIOR_SURPRISE, PRIOR_REPORTS = 1.5, 30.0  # of all tickers, before any is known
OWN_PRIOR_REPORTS = 2.0  # of the mean of all tickers, to which a ticker's own is shrunk
DECAY = 5.0  # sessions, of the effect of a past report
LONGEST_EFFECT = 25  # sessions after a report, beyond which it has none
LONGEST_MEMORY = 66  # sessions for which the last surprise counts
LIKELY = 0.3  # probability from which a session counts as a reaction, if the time is unknown


@dataclass(frozen=True, eq=False)
class ReportColumns:
    """Columns (T, N), NaN before any report of the ticker is known.

    Parameters
    ----------
    next_1, next_2, next_3_5, within_5, within_22
        Probability that the next reaction session is t + 1, t + 2, t + 3 .. t + 5, and so on.
    distance
        Expected sessions to it, at most `FARTHEST`.
    today, ago_1, ago_2_5
        Probability that session t, t - 1, or one of t - 2 .. t - 5 was a reaction session.
    decay
        exp(-s / 5), s sessions after the last reaction session; 0 after `LONGEST_EFFECT`.
    own_surprise, last_surprise
        The ticker's mean surprise, shrunk to that of all tickers, and its last one.
    is_reaction
        1 in sessions that traded on a report, as known at their close, else 0.
    """

    next_1: FloatArray
    next_2: FloatArray
    next_3_5: FloatArray
    within_5: FloatArray
    within_22: FloatArray
    distance: FloatArray
    today: FloatArray
    ago_1: FloatArray
    ago_2_5: FloatArray
    decay: FloatArray
    own_surprise: FloatArray
    last_surprise: FloatArray
    is_reaction: FloatArray


_columns: WeakKeyDictionary[Bars, ReportColumns] = WeakKeyDictionary()
_computing = Lock()  # threads compute the features, and all of them need the same columns


def find_report_columns(bars: Bars) -> ReportColumns | None:
    """Return the columns of a grid; None if it knows of no reports."""
    if bars.reports is None:
        return None
    with _computing:
        if bars not in _columns:
            _columns[bars] = _compute_columns(bars, bars.reports)
        return _columns[bars]


def compute_surprise(bars: Bars) -> FloatArray:
    """Return log variance less the mean log variance of the 66 sessions before, (T, N)."""
    return bars.log_variance - lag_rows(window_mean(bars.log_variance, QUARTER), 1)


def _compute_columns(bars: Bars, reports: KnownReports) -> ReportColumns:
    surprise = compute_surprise(bars)
    rows, tickers = surprise.shape
    own = [reports.select(reports.column == column) for column in range(tickers)]
    pasts = [settle_reports(each, surprise[:, n]) for n, each in enumerate(own)]
    histories = [summarise_history(past, rows) for past in pasts]
    errors = count_estimate_errors(pasts, histories)
    pooled = _average_surprises(pasts, rows)
    names = [field.name for field in fields(ReportColumns)]
    block = {name: np.full((rows, tickers), np.nan) for name in names}
    for n, (past, history) in enumerate(zip(pasts, histories, strict=True)):
        if not len(past.reports.first):
            continue
        known = slice(int(past.reports.known_from.min()), None)
        for name, values in _compute_ticker(past, history, errors, pooled).items():
            block[name][known, n] = values[known]
    return ReportColumns(**block)


def _average_surprises(pasts: list[PastReports], rows: int) -> FloatArray:
    """Return the mean surprise of all tickers' past reports known at each session, (T,)."""
    total, count = np.zeros(rows + 1), np.zeros(rows + 1)
    for past in pasts:
        chosen = past.settled & np.isfinite(past.surprise)
        value = past.surprise[chosen]
        for places, sign in ((past.past_from[chosen], 1.0), (past.past_until[chosen], -1.0)):
            inside = np.minimum(places, rows)
            np.add.at(total, inside, sign * value)
            np.add.at(count, inside, sign)
    sums, counts = total.cumsum()[:rows], count.cumsum()[:rows]
    return (sums + PRIOR_REPORTS * PRIOR_SURPRISE) / (counts + PRIOR_REPORTS)


def _compute_ticker(
    past: PastReports, history: TickerHistory, errors: FloatArray, pooled: FloatArray
) -> dict[str, FloatArray]:
    """Return the columns (T,) of one ticker, by name."""
    rows = len(pooled)
    chances, distance = compute_outlook(past, history, errors)
    weighted = history.weighted_surprise + OWN_PRIOR_REPORTS * pooled
    forgotten = np.arange(rows) - history.last_session > LONGEST_MEMORY
    return {
        "next_1": chances[:, 0],
        "next_2": chances[:, 1],
        "next_3_5": _sum_chances(chances[:, 2:5]),
        "within_5": _sum_chances(chances[:, :5]),
        "within_22": _sum_chances(chances),
        "distance": distance,
        "own_surprise": weighted / (history.weight + OWN_PRIOR_REPORTS),
        "last_surprise": np.where(forgotten, np.nan, history.last_surprise),
        "is_reaction": _find_reactions(past, rows).astype(float),
        **_compute_effects(past, rows),
    }


def _sum_chances(chances: FloatArray) -> FloatArray:
    return np.asarray(np.minimum(chances.sum(axis=1), 1.0))


def _compute_effects(past: PastReports, rows: int) -> dict[str, FloatArray]:
    """Return the columns of one ticker that count the sessions since its reports."""
    since = np.zeros((LONGEST_EFFECT + 1, rows))  # by sessions since the reaction
    for first, weight, start, stop in _list_reactions(past, rows):
        sessions = np.arange(max(start, first), min(stop, first + LONGEST_EFFECT + 1))
        since[sessions - first, sessions] += weight
    since = np.minimum(since, 1.0)
    decays = np.exp(-np.arange(LONGEST_EFFECT + 1) / DECAY)
    return {
        "today": since[0],
        "ago_1": since[1],
        "ago_2_5": np.minimum(since[2:6].sum(axis=0), 1.0),
        "decay": (since * decays[:, None]).max(axis=0),
    }


def _list_reactions(past: PastReports, rows: int) -> list[tuple[int, float, int, int]]:
    """Return session and probability of each possible reaction, and from when to when it is known.

    Until the second session of a report of unknown time has closed, the habit of the ticker decides
    whether the first one was the reaction; then the surprises do.
    """
    reports, found = past.reports, []
    for row in range(len(reports.first)):
        first, second = int(reports.first[row]), int(reports.second[row])
        start, stop = int(reports.known_from[row]), min(int(reports.known_until[row]), rows)
        settled = min(int(past.past_from[row]), stop)
        if second > first:
            found.append((first, float(past.first_share_before[row]), max(start, first), settled))
        if settled < stop:
            share = float(past.first_share[row])
            found += [(first, share, settled, stop), (second, 1.0 - share, settled, stop)]
    return found


def _find_reactions(past: PastReports, rows: int) -> BoolArray:
    """Return the sessions (T,) that traded on a report, as known at their own close.

    A report learnt later does not change them, so that a window over them does not change either.
    """
    reactions = np.zeros(rows, dtype=bool)
    reports = past.reports
    for row in range(len(reports.first)):
        share = float(past.first_share_before[row])
        for session, weight in (
            (int(reports.first[row]), share),
            (int(reports.second[row]), 1.0 - share),
        ):
            known = reports.known_from[row] <= session < reports.known_until[row]
            if known and session < rows and weight >= LIKELY:
                reactions[session] = True
    return reactions
