"""Log-HAR that is estimated again at every origin, on a rolling window."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from volcast.models.baselines.har import FEWEST_ROWS, LogHAR
from volcast.models.forecaster import (
    REQUIRED,
    Float,
    Forecaster,
    Sample,
    Split,
    mask_unforecastable,
)

LEVEL = np.log(1e-4)  # logs are summed relative to a usual variance, so that little is cancelled
TICKERS_PER_BLOCK = 64  # whose sums of products, 25 numbers a session, are held at a time
RIDGE = 1e-8  # of a row; only keeps the equations solvable when a ticker's variance is constant


class RollingHAR(Forecaster):
    """Log-HAR by ticker, estimated at each origin on the targets that ended in the last sessions.

    At the close of t the coefficients of a horizon are those of least squares on all rows whose
    target ended in t-window+1 .. t; they do not wait for the next refit as those of `LogHAR` do.
    The forecast is corrected from median to mean by smearing, with each residual from the fit at
    the close at which its target became known, less the mean of these residuals. Where fewer than
    `FEWEST_ROWS` targets are known, the `LogHAR` of the fit stands in. Outlying sessions that lie
    more than the longest horizon before the fit are bounded as for every model; later ones count
    until the next fit.

    Parameters
    ----------
    window
        Number of sessions.

    References
    ----------
    Audrino & Chassot (2024), arXiv 2406.08041: estimated often on a rolling window, HAR was not
    beaten by machine learning on the same inputs. Duan (1983), Journal of the American Statistical
    Association 78 (smearing).
    """

    def __init__(self, window: int = 1000) -> None:
        self.window = window

    def fit(self, sample: Sample, split: Split) -> Self:
        """Fit `LogHAR` for tickers with a short history; the rest is estimated in `forecast`."""
        self.start_ = LogHAR().fit(sample, split)
        known = sample.usable() & np.isfinite(sample.target).all(axis=2)
        self.rows_ = np.nonzero(known)
        self.bounded_x_, self.bounded_target_ = sample.select_fit_data(known, REQUIRED)
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance, (n, N, H); NaN where not forecastable."""
        x = _build_design(sample, sample.columns(REQUIRED))
        har, target = self._bound(sample)
        bounded = replace(sample, target=target)
        fitted_x = _build_design(sample, har)
        by_horizon = [
            self._forecast_horizon(bounded, fitted_x, x, place) for place in range(_count(sample))
        ]
        rolling = np.stack(by_horizon, axis=-1)[origins]
        stand_in = self.start_.forecast(sample, origins)
        chosen = np.where(np.isnan(rolling), stand_in, rolling)
        return mask_unforecastable(chosen, sample, origins)

    def _bound(self, sample: Sample) -> tuple[NDArray[np.float32], Float]:
        """Return HAR's features (T, N, 3) and the targets (T, N, H), as they are fitted on.

        The rows that were known at the fit are bounded.
        """
        session, ticker = self.rows_
        inside = session < len(sample.sessions)
        rows = session[inside], ticker[inside]
        har, target = sample.columns(REQUIRED).copy(), sample.target.copy()
        har[rows] = self.bounded_x_[inside]
        known = np.isfinite(target[rows])
        target[rows] = np.where(known, self.bounded_target_[inside], np.nan)
        return har, target

    def _forecast_horizon(self, sample: Sample, fitted_x: Float, x: Float, place: int) -> Float:
        """Return the forecasts of one horizon, (T, N); NaN with fewer than `FEWEST_ROWS` rows.

        The coefficients are fitted on `fitted_x` and the targets of `sample`, and applied to `x`.
        """
        known_x, known_y = _order_by_end(sample, fitted_x, place)
        blocks = [
            slice(first, first + TICKERS_PER_BLOCK)
            for first in range(0, x.shape[1], TICKERS_PER_BLOCK)
        ]
        return np.concatenate(
            [_estimate(known_x[:, b], known_y[:, b], x[:, b], self.window) for b in blocks], axis=1
        )


def _count(sample: Sample) -> int:
    return len(sample.horizons)


def _build_design(sample: Sample, har: NDArray[np.float32]) -> Float:
    """Return the regressors, a one first, (T, N, 4); all are 0 where not forecastable."""
    logs = har.astype(np.float64) - LEVEL
    design = np.concatenate([np.ones((*logs.shape[:2], 1)), logs], axis=-1)
    return np.where(sample.forecastable()[..., None], design, 0.0)


def _order_by_end(sample: Sample, x: Float, place: int) -> tuple[Float, Float]:
    """Return the regressors (T, N, 4) and the log target (T, N) of the row that ends at session t.

    Both are 0 where no known target ends at t. A ticker has at most one: targets of different
    origins end on different sessions.
    """
    target = sample.target[:, :, place]
    fitted = sample.usable() & np.isfinite(target)
    origin, ticker = np.nonzero(fitted)
    end = np.searchsorted(sample.sessions, sample.target_end[origin, ticker, place])
    inside = end < len(sample.sessions)
    origin, ticker, end = origin[inside], ticker[inside], end[inside]
    known_x, known_y = np.zeros_like(x), np.zeros_like(target)
    known_x[end, ticker] = x[origin, ticker]
    known_y[end, ticker] = np.log(target[origin, ticker]) - LEVEL
    return known_x, known_y


def _estimate(known_x: Float, known_y: Float, x: Float, window: int) -> Float:
    """Return the forecasts (T, N) from the rows that end at each session; see `_order_by_end`."""
    rows = np.concatenate([known_x, known_y[..., None]], axis=-1)
    moments = _sum_window(rows[..., :, None] * rows[..., None, :], window)
    enough = moments[..., 0, 0] >= FEWEST_ROWS
    coefficients = _solve(moments, enough)
    first = np.where(enough.any(axis=0), enough.argmax(axis=0), 0)
    fit_of_row = np.maximum(np.arange(len(x))[:, None], first)
    at_row = np.take_along_axis(coefficients, fit_of_row[..., None], axis=0)
    residual = known_y - _multiply(known_x, at_row)
    log_variance = LEVEL + _multiply(x, coefficients)
    smearing = _smear(residual, known_x[..., 0], window)
    return np.where(enough, np.exp(log_variance + smearing), np.nan)


def _sum_window(values: Float, window: int) -> Float:
    """Return the sums over the last `window` rows of (T, ...); row t uses rows up to t only."""
    sums = np.cumsum(values, axis=0)
    later = sums[window:] - sums[: max(len(sums) - window, 0)]
    return np.concatenate([sums[:window], later])


def _solve(moments: Float, enough: NDArray[np.bool_]) -> Float:
    """Return the coefficients (T, N, 4) of the last variable on the others; 0 without enough."""
    products, with_target = moments[..., :-1, :-1], moments[..., :-1, -1:]
    unit = np.eye(products.shape[-1])
    penalised = products + RIDGE * products[..., :1, :1] * unit
    solvable = np.where(enough[..., None, None], penalised, unit)
    wanted = np.where(enough[..., None, None], with_target, 0.0)
    return np.asarray(np.linalg.solve(solvable, wanted)[..., 0])


def _smear(residual: Float, known: Float, window: int) -> Float:
    """Return the log of the mean of the exponentials of the residuals less their mean, (T, N)."""
    count = np.maximum(_sum_window(known, window), 1.0)
    mean = _sum_window(residual * known, window) / count
    exponential = _sum_window(np.exp(residual) * known, window) / count
    return np.log(np.maximum(exponential, np.finfo(float).tiny)) - mean


def _multiply(x: Float, coefficients: Float) -> Float:
    """Return the sum of products over the last axis, in an order that no shape can change."""
    total = np.zeros(x.shape[:-1])
    for column in range(x.shape[-1]):
        total += x[..., column] * coefficients[..., column]
    return total
