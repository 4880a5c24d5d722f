"""What the features of earnings reports are made of, ticker by ticker, computed once for a grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from volcast.features._typing import BoolArray, FloatArray
from volcast.features.bars import QUARTER, Bars
from volcast.features.known_reports import KnownReports
from volcast.features.report_estimates import (
    ReportEstimates,
    count_estimate_errors,
    estimate_reports,
)
from volcast.features.report_history import PastReports, settle_reports, summarise_surprises
from volcast.features.report_outlook import compute_outlook
from volcast.features.ticker_block import TickerBlock
from volcast.features.windows import lag_rows, window_mean

PRIOR_SURPRISE, PRIOR_REPORTS = 1.5, 30.0  # of all tickers, before any is known
OWN_PRIOR_REPORTS = 2.0  # of the mean of all tickers, to which a ticker's own is shrunk
DECAY = 5.0  # sessions, of the effect of a past report
LONGEST_EFFECT = 25  # sessions after a report, beyond which it has none

Column = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ReportColumns:
    """Columns (T, N), NaN before any report of the ticker is known.

    They are held as long as the grid, thus in the precision of the panel.

    Parameters
    ----------
    next_1, next_2, next_3_5, within_5, within_22
        Probability that the next reaction session is t + 1, t + 2, t + 3 .. t + 5, and so on.
    distance
        Sessions to it, at most `volcast.features.report_outlook.FARTHEST`.
    today, ago_1, ago_2_5
        Probability that session t, t - 1, or one of t - 2 .. t - 5 was a reaction session.
    decay
        exp(-s / 5) times the probability that session t - s was one, the largest over s up to
        `LONGEST_EFFECT`.
    own_surprise, last_surprise
        The ticker's mean surprise, shrunk to that of all tickers, and its last one.
    """

    next_1: Column
    next_2: Column
    next_3_5: Column
    within_5: Column
    within_22: Column
    distance: Column
    today: Column
    ago_1: Column
    ago_2_5: Column
    decay: Column
    own_surprise: Column
    last_surprise: Column

    def select(self, tickers: slice) -> ReportColumns:
        """Return the columns of some tickers."""
        return ReportColumns(**{f.name: getattr(self, f.name)[:, tickers] for f in fields(self)})


_columns: WeakKeyDictionary[Bars, ReportColumns] = WeakKeyDictionary()
_computing = Lock()  # threads compute the features, and all of them need the same columns


def find_report_columns(bars: Bars) -> ReportColumns | None:
    """Return the columns of a grid; None if it has no source of reports."""
    if isinstance(bars, TickerBlock):
        whole = find_report_columns(bars.whole)
        return None if whole is None else whole.select(bars.columns)
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
    by_ticker = reports.split_by_column(tickers)
    pasts = [settle_reports(own, surprise[:, n]) for n, own in enumerate(by_ticker)]
    estimates = [estimate_reports(past, rows) for past in pasts]
    errors = count_estimate_errors(pasts, estimates)
    pooled = _average_surprises(pasts, bars.in_market)
    names = [field.name for field in fields(ReportColumns)]
    # As in `Bars`, the numbers of a ticker lie next to each other.
    block: dict[str, Any] = {
        name: np.full((rows, tickers), np.nan, dtype=np.float32, order="F") for name in names
    }
    for n, (past, own_estimates) in enumerate(zip(pasts, estimates, strict=True)):
        if not len(past.reports.first):
            continue
        known = slice(int(past.reports.known_from.min()), None)
        for name, values in _compute_ticker(past, own_estimates, errors, pooled).items():
            block[name][known, n] = values[known]
    return ReportColumns(**block)


def _average_surprises(pasts: list[PastReports], in_market: BoolArray) -> FloatArray:
    """Return the mean surprise of all tickers' past reports known at each session, (T,).

    Those of a ticker that was not yet `in_market` (T, N) when they became past are left out.
    """
    rows = len(in_market)
    total, count = np.zeros(rows + 1), np.zeros(rows + 1)
    for n, past in enumerate(pasts):
        counted = in_market[np.minimum(past.past_from, rows - 1), n]
        chosen = past.settled & np.isfinite(past.surprise) & counted
        value = past.surprise[chosen]
        for places, sign in ((past.past_from[chosen], 1.0), (past.past_until[chosen], -1.0)):
            inside = np.minimum(places, rows)
            np.add.at(total, inside, sign * value)
            np.add.at(count, inside, sign)
    sums, counts = total.cumsum()[:rows], count.cumsum()[:rows]
    return (sums + PRIOR_REPORTS * PRIOR_SURPRISE) / (counts + PRIOR_REPORTS)


def _compute_ticker(
    past: PastReports, estimates: ReportEstimates, errors: FloatArray, pooled: FloatArray
) -> dict[str, FloatArray]:
    """Return the columns (T,) of one ticker, by name."""
    rows = len(pooled)
    chances, distance = compute_outlook(past, estimates, errors)
    history = summarise_surprises(past, rows)
    weighted = history.weighted + OWN_PRIOR_REPORTS * pooled
    return {
        "next_1": chances[:, 0],
        "next_2": chances[:, 1],
        "next_3_5": _sum_chances(chances[:, 2:5]),
        "within_5": _sum_chances(chances[:, :5]),
        "within_22": _sum_chances(chances),
        "distance": distance,
        "own_surprise": weighted / (history.weight + OWN_PRIOR_REPORTS),
        "last_surprise": history.last,
        **_compute_effects(past, rows),
    }


def _sum_chances(chances: FloatArray) -> FloatArray:
    return np.asarray(np.minimum(chances.sum(axis=1), 1.0))


def _compute_effects(past: PastReports, rows: int) -> dict[str, FloatArray]:
    """Return the columns of one ticker that count the sessions since its reports."""
    since = np.zeros((LONGEST_EFFECT + 1, rows))  # by sessions since the reaction
    for session, weight, start, stop in _iter_reactions(past, rows):
        known = np.arange(max(start, session), min(stop, session + LONGEST_EFFECT + 1))
        since[known - session, known] += weight
    since = np.minimum(since, 1.0)
    decays = np.exp(-np.arange(LONGEST_EFFECT + 1) / DECAY)
    return {
        "today": since[0],
        "ago_1": since[1],
        "ago_2_5": np.minimum(since[2:6].sum(axis=0), 1.0),
        "decay": (since * decays[:, None]).max(axis=0),
    }


def _iter_reactions(past: PastReports, rows: int) -> Iterator[tuple[int, float, int, int]]:
    """Yield session and probability of each possible reaction, and from when to when it is known.

    Until the second session of a report of unknown time has closed, the habit of the ticker decides
    whether the first one was the reaction; then the surprises do.
    """
    reports = past.reports
    columns = (reports.first, reports.second, reports.known_from, reports.known_until)
    shares = (past.past_from, past.first_share_before, past.first_share)
    for first, second, start, until, past_from, before, share in zip(
        *(column.tolist() for column in (*columns, *shares)), strict=True
    ):
        stop = min(until, rows)
        settled = min(past_from, stop)
        if first < second:
            yield first, before, start, settled
        if settled < stop:
            yield first, share, settled, stop
            if first < second:
                yield second, 1.0 - share, settled, stop
