"""Prediction intervals that follow the errors of earlier forecasts of the same model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.decayed_histogram import DecayedHistogram

Float = NDArray[np.float64]
Int = NDArray[np.intp]
Bool = NDArray[np.bool_]

FEWEST_ERRORS = 50  # of a model and horizon, all tickers together
# Chosen on years before the tested ones; docs/experiments.md, 2026-11-28.
SIZE_HALF_LIFE = 60.0  # errors that do not overlap: horizon times as many sessions
PANEL_WEIGHT = 20.0  # errors that do not overlap, for which the panel's mean square counts
SHAPE_HALF_LIFE = 250.0  # sessions
MISS_RATE = 0.025  # by which a miss moves the logarithm of both bounds
SIDE_RATE = 0.0025  # and further that of the missed bound
LARGEST_STRETCH = 0.4  # a factor of one and a half, for both bounds together and for each


@dataclass(frozen=True)
class ForecastRows:
    """Forecasts in the order of time, and the errors that they turned out to have.

    Attributes
    ----------
    series
        Which series each row belongs to, (n,): one model, horizon and ticker.
    origin
        Position of the session of origin, (n,); one row an origin and series.
    known_at
        Position of the first session at whose close the outcome was known, (n,); those after the
        last origin are never used.
    log_error
        ``log(realised / forecast)``, (n,); NaN or infinite where there is no outcome.
    short_history
        Whether the forecast was made from a short history of the ticker, (n,): its error then
        counts for other tickers only as long as nothing else is known.
    """

    series: Int
    origin: Int
    known_at: Int
    log_error: Float
    short_history: Bool


@dataclass(frozen=True)
class SeriesLabels:
    """The group of each series (a model and horizon), and its horizon in sessions; both (C,)."""

    group: Int
    horizon: Int


@dataclass(frozen=True)
class LogIntervals:
    """Bounds of ``log(realised / forecast)``, and the probability below its outcome; each (n,).

    `below` and `above` (n, T) are the quantiles that cut off further tails at either end, under the
    same distribution as `pit`.
    """

    lower: Float
    upper: Float
    pit: Float
    below: Float
    above: Float


def compute_log_intervals(
    rows: ForecastRows, series: SeriesLabels, level: float, tails: Sequence[float] = ()
) -> LogIntervals:
    """Return the prediction interval of each forecast, from errors known at its origin.

    Session by session, the errors that have become known are learnt, then the forecasts of the
    session get their intervals. The predictive distribution of a log error is the product of

    - its size, the root mean square of the ticker's recent errors, shrunk to that of the panel and
      relative to it: one on average, and for a single ticker;
    - the distribution of errors in units of their size, pooled over the tickers of a group;
      a ticker without errors of its own has this distribution as it is;
    - for negative and for positive errors, a stretch of the ticker: a miss of the interval widens
      the next ones, each hit narrows them, so that the share of misses cannot stay away from
      ``1 - level`` (Gibbs and Candès 2021). The feedback comes as late as the outcomes do.

    Parameters
    ----------
    rows
        Forecasts, in any order.
    series
        Labels of the series that `rows` refers to.
    level
        Probability of the interval; the tails are equal.
    tails
        Probabilities of T further tails; the stretch follows the misses of `level` alone.

    Returns
    -------
    Intervals that hold zero, the forecast itself, even where both tails lie on one side of it, and
    the probability integral transform under the same distribution: below ``(1 - level) / 2`` where
    the outcome is below an interval that was not extended. The quantiles of further tails are not
    extended. NaN until a group has 50 errors.

    References
    ----------
    Gibbs & Candès (2021), Adaptive conformal inference under distribution shift, equation 2;
    Angelopoulos, Candès & Tibshirani (2023), Conformal PID control for time series prediction.

    Examples
    --------
    >>> error = np.random.default_rng(0).normal(size=400)
    >>> at = np.arange(400)
    >>> rows = ForecastRows(np.zeros(400, np.intp), at, at + 1, error, np.zeros(400, bool))
    >>> one = SeriesLabels(np.zeros(1, np.intp), np.ones(1, np.intp))
    >>> found = compute_log_intervals(rows, one, level=0.9)
    >>> inside = (found.lower <= error) & (error <= found.upper)
    >>> print(f"{inside[100:].mean():.2f}")
    0.91
    """
    tracker = _Tracker(series, (1.0 - level) / 2.0)
    issued = _Issued(*(np.full(len(rows.series), np.nan) for _ in range(4)))
    outer = np.full((2, len(rows.series), len(tails)), np.nan)
    forecasts = _split_by_session(rows.origin)
    events = _sort_events(rows, last=max(forecasts, default=-1))
    for session in sorted(forecasts.keys() | events.keys()):
        for learnt in events.get(session, ()):
            short = rows.short_history[learnt]
            tracker.learn(rows.series[learnt], rows.log_error[learnt], issued.select(learnt), short)
        if session in forecasts:
            now = forecasts[session]
            issued.store(now, tracker.forecast(rows.series[now], rows.log_error[now]))
            for place, tail in enumerate(tails):
                outer[:, now, place] = tracker.compute_quantiles(rows.series[now], tail)
    return LogIntervals(issued.lower, issued.upper, issued.pit, *outer)


@dataclass(frozen=True)
class _Issued:
    """What was issued with each row: the size of its error, its interval, and its probability."""

    size: Float
    lower: Float
    upper: Float
    pit: Float

    def select(self, rows: Int) -> _Issued:
        return _Issued(self.size[rows], self.lower[rows], self.upper[rows], self.pit[rows])

    def store(self, rows: Int, other: _Issued) -> None:
        self.size[rows], self.lower[rows] = other.size, other.lower
        self.upper[rows], self.pit[rows] = other.upper, other.pit


class _Tracker:
    """What is known about the errors of every series and group at a session."""

    def __init__(self, series: SeriesLabels, tail: float) -> None:
        count, groups = len(series.group), int(series.group.max(initial=-1)) + 1
        self._group, self._tail = series.group, tail
        self._panel_weight = PANEL_WEIGHT * series.horizon
        self._decay = 0.5 ** (1.0 / (SIZE_HALF_LIFE * series.horizon))
        self._weight, self._square = np.zeros(count), np.zeros(count)
        self._group_decay = np.zeros(groups)
        self._group_decay[series.group] = self._decay
        self._group_weight, self._group_square = np.zeros(groups), np.zeros(groups)
        self._shape = DecayedHistogram(groups, SHAPE_HALF_LIFE)
        self._stretch = np.zeros((3, count))  # of both bounds, of the lower, of the upper
        self._has_long = np.zeros(groups, dtype=bool)  # an error of a long history

    def learn(self, series: Int, error: Float, issued: _Issued, short: Bool) -> None:
        """Learn errors that have become known, at most one a series; `short` is their history."""
        self._learn_misses(series, error, issued)
        decay = self._decay[series]
        self._weight[series] = decay * self._weight[series] + 1.0
        self._square[series] = decay * self._square[series] + error**2
        group = self._group[series]
        self._has_long[group[~short]] = True
        pooled = ~(short & self._has_long[group])
        self._learn_panel(group[pooled], error[pooled] ** 2)
        size = np.where(np.isfinite(issued.size), issued.size, self._compute_size(series))
        self._shape.add(group[pooled], (error / size)[pooled])

    def _learn_panel(self, group: Int, square: Float) -> None:
        counts = np.bincount(group, minlength=len(self._group_weight))
        sums = np.bincount(group, square, minlength=len(counts))
        some = counts > 0
        decay = self._group_decay[some]
        self._group_weight[some] = decay * self._group_weight[some] + 1.0
        self._group_square[some] = decay * self._group_square[some] + sums[some] / counts[some]

    def forecast(self, series: Int, error: Float) -> _Issued:
        """Return what is issued now; `error` is used for its probability only."""
        group, size = self._group[series], self._compute_size(series)
        negative, positive = self._compute_units(series, size)
        enough = self._shape.added[group] >= FEWEST_ERRORS
        lower, upper = self._shape.quantiles(self._tail)
        unit = np.where(error < 0.0, negative, positive)
        pit = self._shape.distribution(group, error / unit)
        return _Issued(
            size,
            np.where(enough, np.minimum(negative * lower[group], 0.0), np.nan),
            np.where(enough, np.maximum(positive * upper[group], 0.0), np.nan),
            np.where(enough, pit, np.nan),
        )

    def compute_quantiles(self, series: Int, tail: float) -> tuple[Float, Float]:
        """Return the quantiles that cut off a tail below and above what is issued now."""
        group = self._group[series]
        negative, positive = self._compute_units(series, self._compute_size(series))
        enough = self._shape.added[group] >= FEWEST_ERRORS
        lower, upper = (
            np.where(
                enough, shape[group] * np.where(shape[group] < 0.0, negative, positive), np.nan
            )
            for shape in self._shape.quantiles(tail)
        )
        return lower, upper

    def _compute_units(self, series: Int, size: Float) -> tuple[Float, Float]:
        """Return the units of negative and of positive errors: their size, stretched."""
        both, below, above = self._stretch[:, series]
        return size * np.exp(both + below), size * np.exp(both + above)

    def _learn_misses(self, series: Int, error: Float, issued: _Issued) -> None:
        had_interval = np.isfinite(issued.lower)
        below = np.where(had_interval, (error < issued.lower) - self._tail, 0.0)
        above = np.where(had_interval, (error > issued.upper) - self._tail, 0.0)
        change = np.array([MISS_RATE * (below + above), SIDE_RATE * below, SIDE_RATE * above])
        changed = self._stretch[:, series] + change
        self._stretch[:, series] = np.clip(changed, -LARGEST_STRETCH, LARGEST_STRETCH)

    def _compute_size(self, series: Int) -> Float:
        """Return the size of recent errors relative to the panel's; NaN before the first error.

        The size of the panel's errors is left to their distribution and to the stretch, which would
        otherwise answer the same shock a second and a third time.
        """
        group, prior = self._group[series], self._panel_weight[series]
        with np.errstate(invalid="ignore"):
            panel = self._group_square[group] / self._group_weight[group]
            square = (self._square[series] / panel + prior) / (self._weight[series] + prior)
        return np.asarray(np.sqrt(square))


def _split_by_session(position: Int) -> dict[int, Int]:
    """Return the rows at each position, by position."""
    order = np.argsort(position, kind="stable")
    starts = np.flatnonzero(np.diff(position[order])) + 1
    return {int(position[each[0]]): each for each in np.split(order, starts) if len(each)}


def _sort_events(rows: ForecastRows, last: int) -> dict[int, list[Int]]:
    """Return the rows whose outcomes become known at each session up to `last`.

    They come in batches with at most one row a series, sorted by series; if several outcomes of a
    series become known at once, the batches are in the order of their origins.
    """
    known = np.flatnonzero(np.isfinite(rows.log_error) & (rows.known_at <= last))
    order = known[np.lexsort((rows.origin[known], rows.series[known], rows.known_at[known]))]
    at, series = rows.known_at[order], rows.series[order]
    starts = np.flatnonzero(np.r_[True, np.diff(at) | np.diff(series)] if len(order) else [])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    order = order[np.lexsort((series, rank, at))]
    rank = rank[np.lexsort((series, rank, at))]
    cuts = np.flatnonzero(np.diff(rows.known_at[order]) | np.diff(rank)) + 1
    events: dict[int, list[Int]] = {}
    for batch in np.split(order, cuts):
        if len(batch):
            events.setdefault(int(rows.known_at[batch[0]]), []).append(batch)
    return events
