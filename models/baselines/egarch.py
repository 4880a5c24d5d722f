"""EGARCH on daily returns, estimated by ticker with the arch package."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from volcast.models.baselines.garch import (
    PERCENT_SQUARED,
    bound_returns,
    compute_largest_returns,
    estimate_parameters,
    forecast_scaled,
)
from volcast.models.forecaster import Float, Forecaster, Sample, Split, select_fit_rows

MEAN_ABSOLUTE = np.sqrt(2.0 / np.pi)  # of a standard normal error
LARGEST_FACTOR = 100.0  # between mean target and forecast; beyond it the fit has failed
LARGEST_LOG = 50.0  # of |log s|, against overflow of an exploding estimate


@dataclass(frozen=True)
class EGARCHRecursion:
    """``log s_{t+1} = omega + alpha (|z_t| - E|z|) + gamma z_t + beta log s_t``, z = e / sqrt(s).

    In squared percent (Nelson 1991, Econometrica 59, eq. 2.2). log s is bounded by `range`, because
    the recursion can explode if a large return follows a small s. `scale` (H,) multiplies the
    forecasts to the level of the target; returns are bounded by +-`largest`, as those of
    `volcast.models.baselines.garch.GARCHRecursion`.
    """

    mean: float
    omega: float
    alpha: float
    gamma: float
    beta: float
    scale: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    range: tuple[float, float] = (-LARGEST_LOG, LARGEST_LOG)
    largest: float = np.inf

    @property
    def level(self) -> float:
        """The unconditional mean of the log variance."""
        return self.omega / (1.0 - min(self.beta, 0.9999))

    def forecast_next(self, log_return: Float) -> Float:
        """Return log s_{t+1} for each t of `log_return` (T,); a missing return adds no shock."""
        errors = 100.0 * log_return - self.mean
        ahead = np.empty(len(errors))
        lowest, highest = self.range
        log_s = self.level
        for t, error in enumerate(errors):
            shock = 0.0
            if np.isfinite(error):
                z = error * np.exp(-0.5 * log_s)
                shock = self.alpha * (abs(z) - MEAN_ABSOLUTE) + self.gamma * z
            log_s = min(max(self.omega + shock + self.beta * log_s, lowest), highest)
            ahead[t] = log_s
        return ahead

    def forecast_mean(self, log_return: Float, horizons: tuple[int, ...]) -> Float:
        """Return the mean over t+1 .. t+h, (T, H), of exp(E log s), in natural units.

        The mean of s itself is larger by a nearly constant factor, which the scaling absorbs.
        """
        deviation = self.forecast_next(log_return) - self.level
        steps = np.exp(self.level + deviation[:, None] * self.beta ** np.arange(max(horizons)))
        means = [steps[:, :h].mean(axis=1) for h in horizons]
        return np.stack(means, axis=1) / PERCENT_SQUARED


class EGARCH(Forecaster):
    """EGARCH(1,1) with an asymmetric term, a constant mean and normal errors, by ticker.

    The forecasts are scaled, by horizon, so that their mean over the fitted rows is that of the
    target, and log s is bounded by its range over the fitted rows. A ticker is NaN and falls back
    as the walk-forward defines if its fit fails, or if it forecasts less than a hundredth of the
    mean target in a fitted row.

    References
    ----------
    Nelson (1991), Econometrica 59.
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Fit on the rows of the training and validation parts together."""
        rows = select_fit_rows(sample, split.both)
        options = {"vol": "EGARCH", "o": 1}
        largest = compute_largest_returns(sample.log_return, rows, split.train.start)
        bounded = bound_returns(sample, largest)
        estimates = estimate_parameters(bounded.log_return, rows, split.train.start, options)
        recursions = [
            None if estimate is None else _scale(estimate, bounded, ticker, rows[:, ticker])
            for ticker, estimate in enumerate(estimates)
        ]
        self.recursions_ = [
            None if recursion is None else replace(recursion, largest=float(bound))
            for recursion, bound in zip(recursions, largest, strict=True)
        ]
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the scaled mean daily variance, (n, N, H); NaN where not forecastable."""
        return forecast_scaled(self.recursions_, sample, origins)


def _scale(
    estimate: NDArray[np.float64], sample: Sample, ticker: int, rows: NDArray[np.bool_]
) -> EGARCHRecursion | None:
    """Return the bounded and scaled recursion of an estimate, or None if its forecasts vanish."""
    log_return = sample.log_return[:, ticker]
    recursion = EGARCHRecursion(*estimate)
    log_s = recursion.forecast_next(log_return)[rows]
    recursion = replace(recursion, range=(log_s.min(), log_s.max()))
    ahead = recursion.forecast_mean(log_return, sample.horizons)[rows]
    mean_target = sample.bounded.target[rows, ticker].mean(axis=0)
    scale = mean_target / ahead.mean(axis=0)
    valid = (ahead * scale > mean_target / LARGEST_FACTOR).all()
    return replace(recursion, scale=scale) if valid else None
