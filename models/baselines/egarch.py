"""EGARCH on daily returns, estimated by arch, ticker by ticker."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from volcast.models.baselines.garch import PERCENT_SQUARED, estimate_parameters, forecast_scaled
from volcast.models.forecaster import Float, Forecaster, Sample, Split, select_fit_rows

MEAN_ABSOLUTE = np.sqrt(2.0 / np.pi)  # of a standard normal error
INSANE = 100.0  # times below the mean of the target: no estimate to use
WIDEST = 50.0  # of |log s|; beyond it an estimate has exploded


@dataclass(frozen=True)
class EGARCHRecursion:
    """``log s_{t+1} = omega + alpha (|z_t| - E|z|) + gamma z_t + beta log s_t``, z = e / sqrt(s).

    In squared percent; Nelson (1991, Econometrica 59, eq. 2.2). log s stays in `range`: the
    exponential in z makes the recursion explode where s was small before a storm.
    """

    mean: float
    omega: float
    alpha: float
    gamma: float
    beta: float
    scale: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    range: tuple[float, float] = (-WIDEST, WIDEST)

    @property
    def level(self) -> float:
        """The mean of the log variance."""
        return self.omega / (1.0 - min(self.beta, 0.9999))

    def next_session(self, log_return: Float) -> Float:
        """Return log s_{t+1} for each t of `log_return` (T,); a missing return is no news."""
        errors = 100.0 * log_return - self.mean
        ahead = np.empty(len(errors))
        lowest, highest = self.range
        log_s = self.level
        for t, error in enumerate(errors):
            news = 0.0
            if np.isfinite(error):
                z = error * np.exp(-0.5 * log_s)
                news = self.alpha * (abs(z) - MEAN_ABSOLUTE) + self.gamma * z
            log_s = min(max(self.omega + news + self.beta * log_s, lowest), highest)
            ahead[t] = log_s
        return ahead

    def mean_ahead(self, log_return: Float, horizons: tuple[int, ...]) -> Float:
        """Return the mean over t+1 .. t+h, (T, H), of exp(E log s), in natural units.

        The mean of s itself is larger by a factor that hardly varies: the scaling takes it up.
        """
        deviation = self.next_session(log_return) - self.level
        steps = np.exp(self.level + deviation[:, None] * self.beta ** np.arange(max(horizons)))
        means = [steps[:, :h].mean(axis=1) for h in horizons]
        return np.stack(means, axis=1) / PERCENT_SQUARED


class EGARCH(Forecaster):
    """EGARCH(1,1) with an asymmetric term, a constant mean and normal errors, ticker by ticker.

    Scaled, by horizon, so that the mean over the fitted rows is that of the target; kept in the
    range of its own estimates of the fitted rows. A ticker whose fit fails, or forecasts less than
    a hundredth of the mean target in its own rows (the exponential turns a wild estimate into
    nothing), is NaN and falls back as the walk-forward states.
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Estimate on training and validation part together."""
        rows = select_fit_rows(sample, split.both)
        options = {"vol": "EGARCH", "o": 1}
        self.recursions_: list[EGARCHRecursion | None] = []
        for ticker, found in enumerate(
            estimate_parameters(sample.log_return, rows, split.train.start, options)
        ):
            if found is None:
                self.recursions_.append(None)
                continue
            mine, log_return = rows[:, ticker], sample.log_return[:, ticker]
            recursion = EGARCHRecursion(*found)
            seen = recursion.next_session(log_return)[mine]
            recursion = replace(recursion, range=(seen.min(), seen.max()))
            ahead = recursion.mean_ahead(log_return, sample.horizons)[mine]
            scale = sample.target[mine, ticker].mean(axis=0) / ahead.mean(axis=0)
            sane = (ahead * scale > sample.target[mine, ticker].mean(axis=0) / INSANE).all()
            self.recursions_.append(replace(recursion, scale=scale) if sane else None)
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the scaled mean variance over each horizon, (n, N, H)."""
        return forecast_scaled(self.recursions_, sample, origins)
