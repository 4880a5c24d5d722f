"""GARCH(1,1) on daily returns, estimated by arch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from models.forecaster import Float, Forecaster, Sample, Split, fitted_rows, masked

PERCENT_SQUARED = 1e4  # arch estimates best on returns in percent
FEWEST_RETURNS = 250


@dataclass(frozen=True)
class Recursion:
    """``s_{t+1} = omega + alpha e_t^2 + beta s_t``, in squared percent, scaled to the proxy."""

    mean: float
    omega: float
    alpha: float
    beta: float
    scale: NDArray[np.float64]

    @property
    def level(self) -> float:
        """The unconditional variance; where there is none (IGARCH), that of persistence 0.9999."""
        return self.omega / (1.0 - min(self.alpha + self.beta, 0.9999))

    def next_session(self, log_return: Float) -> Float:
        """Return s_{t+1} for each t of `log_return` (T,), which is in natural units.

        It starts at the unconditional variance; a missing return counts as one of that size.
        """
        squared = (100.0 * log_return - self.mean) ** 2
        shock = self.omega + self.alpha * np.where(np.isfinite(squared), squared, self.level)
        ahead, _ = lfilter([1.0], [1.0, -self.beta], shock, zi=[self.beta * self.level])
        return np.asarray(ahead)

    def mean_ahead(self, log_return: Float, horizons: tuple[int, ...]) -> Float:
        """Return the mean variance over t+1 .. t+h, (T, H), before scaling, in natural units."""
        ahead = self.next_session(log_return)[:, None]
        persistence = self.alpha + self.beta
        decay = np.array([np.mean(persistence ** np.arange(h)) for h in horizons])
        return np.asarray((self.level + (ahead - self.level) * decay) / PERCENT_SQUARED)


class GARCH(Forecaster):
    """GARCH(1,1) with a constant mean and normal errors (Bollerslev 1986), ticker by ticker.

    Its forecasts are of close-to-close variance; they are scaled, by horizon, so that their mean
    over the fitted rows is that of the target. arch sees the returns of the fitted part alone,
    from the first session of `split.train` to the last fitted row.
    A ticker whose fit fails is NaN and falls back as the walk-forward states.
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Estimate on training and validation part together."""
        rows, first = fitted_rows(sample, split.both), split.train.start
        self.recursions_ = [
            _estimate(sample.log_return[:, n], sample.target[:, n], mine, sample.horizons, first)
            for n, mine in enumerate(rows.T)
        ]
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the scaled mean variance over each horizon, (n, N, H)."""
        shape = (len(sample.sessions), len(self.recursions_), len(sample.horizons))
        variance = np.full(shape, np.nan)
        for ticker, recursion in enumerate(self.recursions_):
            if recursion is not None:
                ahead = recursion.mean_ahead(sample.log_return[:, ticker], sample.horizons)
                variance[:, ticker] = ahead * recursion.scale
        return masked(variance[origins], sample, origins)


def _estimate(
    log_return: Float, target: Float, rows: NDArray[np.bool_], horizons: tuple[int, ...], first: int
) -> Recursion | None:
    """Return the fitted recursion, or None where there are too few returns or no convergence."""
    from arch import arch_model

    if not rows.any():
        return None
    last = np.flatnonzero(rows)[-1] + 1
    percent = 100.0 * log_return[first:last]
    percent = percent[np.isfinite(percent)]
    if len(percent) < FEWEST_RETURNS:
        return None
    model = arch_model(percent, vol="GARCH", p=1, q=1, rescale=False)
    with np.errstate(all="ignore"):  # convergence is read off the flag below
        fit = model.fit(disp="off", show_warning=False)
    mean, omega, alpha, beta = fit.params.to_numpy()
    raw = Recursion(mean, omega, alpha, beta, np.ones(len(horizons)))
    ahead = raw.mean_ahead(log_return, horizons)[rows]
    if fit.convergence_flag != 0 or not np.isfinite(ahead).all():
        return None
    return Recursion(mean, omega, alpha, beta, target[rows].mean(axis=0) / ahead.mean(axis=0))
