"""The GARCH family on daily returns, estimated by arch, ticker by ticker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, Self

import numpy as np
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray
from scipy.signal import lfilter

from volcast.models.forecaster import (
    Float,
    Forecaster,
    Sample,
    Split,
    mask_unusable,
    select_fit_rows,
)

PERCENT_SQUARED = 1e4  # arch estimates best on returns in percent
FEWEST_RETURNS = 250
WORTH_PROCESSES = 64  # tickers; starting the processes costs three seconds


@dataclass(frozen=True)
class GARCHRecursion:
    """``s_{t+1} = omega + (alpha + gamma [e_t < 0]) e_t^2 + beta s_t``, in squared percent.

    `scale` (H,) takes its forecasts to the level of the target.
    """

    mean: float
    omega: float
    alpha: float
    beta: float
    scale: NDArray[np.float64]
    gamma: float = 0.0

    @property
    def persistence(self) -> float:
        """What is left of a deviation from the level after a session, when errors are symmetric."""
        return self.alpha + self.gamma / 2.0 + self.beta

    @property
    def level(self) -> float:
        """The unconditional variance; where there is none (IGARCH), that of persistence 0.9999."""
        return self.omega / (1.0 - min(self.persistence, 0.9999))

    def next_session(self, log_return: Float) -> Float:
        """Return s_{t+1} for each t of `log_return` (T,), which is in natural units.

        It starts at the unconditional variance; a missing return counts as one of that size.
        """
        error = 100.0 * log_return - self.mean
        impact = (self.alpha + self.gamma * (error < 0)) * error**2
        usual = (self.alpha + self.gamma / 2.0) * self.level
        shock = self.omega + np.where(np.isfinite(impact), impact, usual)
        ahead, _ = lfilter([1.0], [1.0, -self.beta], shock, zi=[self.beta * self.level])
        return np.asarray(ahead)

    def mean_ahead(self, log_return: Float, horizons: tuple[int, ...]) -> Float:
        """Return the mean variance over t+1 .. t+h, (T, H), before scaling, in natural units."""
        ahead = self.next_session(log_return)[:, None]
        decay = np.array([np.mean(self.persistence ** np.arange(h)) for h in horizons])
        return np.asarray((self.level + (ahead - self.level) * decay) / PERCENT_SQUARED)


class GARCH(Forecaster):
    """GARCH(1,1) with a constant mean (Bollerslev 1986), ticker by ticker.

    Its forecasts are of close-to-close variance; they are scaled, by horizon, so that their mean
    over the fitted rows is that of the target. arch sees the returns of the fitted part alone,
    from the first session of `split.train` to the last fitted row.
    A ticker whose fit fails is NaN and falls back as the walk-forward states.

    Parameters
    ----------
    asymmetric
        Whether falls weigh more than rises: GJR-GARCH (Glosten, Jagannathan & Runkle 1993).
    errors
        "normal", or "t" for Student's.
    """

    def __init__(self, *, asymmetric: bool = False, errors: Literal["normal", "t"] = "normal"):
        self.asymmetric = asymmetric
        self.errors = errors

    def fit(self, sample: Sample, split: Split) -> Self:
        """Estimate on training and validation part together."""
        rows = select_fit_rows(sample, split.both)
        options = {"vol": "GARCH", "o": int(self.asymmetric), "dist": self.errors}
        estimates = estimate_parameters(sample.log_return, rows, split.train.start, options)
        self.recursions_ = [
            None if found is None else self._scaled(found, sample, ticker, rows[:, ticker])
            for ticker, found in enumerate(estimates)
        ]
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the scaled mean variance over each horizon, (n, N, H)."""
        return forecast_scaled(self.recursions_, sample, origins)

    def _scaled(
        self, found: NDArray[np.float64], sample: Sample, ticker: int, rows: NDArray[np.bool_]
    ) -> GARCHRecursion | None:
        """Return the recursion of the estimates, or None where it explodes."""
        log_return = sample.log_return[:, ticker]
        mean, omega, alpha, *rest = found
        gamma, beta = rest[:2] if self.asymmetric else (0.0, rest[0])
        raw = GARCHRecursion(mean, omega, alpha, beta, np.ones(len(sample.horizons)), gamma)
        ahead = raw.mean_ahead(log_return, sample.horizons)[rows]
        if not np.isfinite(ahead).all():
            return None
        return replace(raw, scale=sample.target[rows, ticker].mean(axis=0) / ahead.mean(axis=0))


class ScaledRecursion(Protocol):
    """A recursion of a ticker's returns, and what takes its forecasts to the target's level."""

    @property
    def scale(self) -> NDArray[np.float64]:
        """Factors (H,)."""
        ...

    def mean_ahead(self, log_return: Float, horizons: tuple[int, ...]) -> Float:
        """Return the mean variance over t+1 .. t+h, (T, H), before scaling."""
        ...


def forecast_scaled(
    recursions: Sequence[ScaledRecursion | None], sample: Sample, origins: slice
) -> Float:
    """Return each ticker's scaled mean variance over each horizon, (n, N, H); NaN for None."""
    variance = np.full((len(sample.sessions), len(recursions), len(sample.horizons)), np.nan)
    for ticker, recursion in enumerate(recursions):
        if recursion is not None:
            ahead = recursion.mean_ahead(sample.log_return[:, ticker], sample.horizons)
            variance[:, ticker] = ahead * recursion.scale
    return mask_unusable(variance[origins], sample, origins)


def estimate_parameters(
    log_return: Float, rows: NDArray[np.bool_], first: int, options: dict[str, Any]
) -> list[NDArray[np.float64] | None]:
    """Return arch's estimates for a (1, 1) model of each ticker's returns (T, N).

    From session `first` to the last of the ticker's `rows` (T, N). None where there are fewer than
    `FEWEST_RETURNS`, or no convergence. Many tickers are shared out to processes.
    """
    series = [
        _percent(returns[first:], mine[first:])
        for returns, mine in zip(log_return.T, rows.T, strict=True)
    ]
    if len(series) < WORTH_PROCESSES:
        return [_estimate(percent, options) for percent in series]
    found = Parallel(n_jobs=cpu_count())(delayed(_estimate)(one, options) for one in series)
    return list(found)


def _percent(log_return: Float, rows: NDArray[np.bool_]) -> Float:
    """Return the known returns up to the last of `rows`, in percent."""
    last = np.flatnonzero(rows)[-1] if rows.any() else -1
    known = 100.0 * log_return[: last + 1]
    return known[np.isfinite(known)]


def _estimate(percent: Float, options: dict[str, Any]) -> NDArray[np.float64] | None:
    from arch import arch_model

    if len(percent) < FEWEST_RETURNS:
        return None
    model = arch_model(percent, p=1, q=1, rescale=False, **options)
    with np.errstate(all="ignore"):  # convergence is read off the flag below
        fit = model.fit(disp="off", show_warning=False)
    return np.asarray(fit.params) if fit.convergence_flag == 0 else None
