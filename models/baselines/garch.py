"""GARCH and GJR-GARCH on daily returns, estimated by ticker with the arch package."""

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
    mask_unforecastable,
    select_fit_rows,
)
from volcast.models.outliers import NORMAL

PERCENT_SQUARED = 1e4  # arch converges best on returns in percent
FEWEST_RETURNS = 250
LARGEST_RETURN = 12.0  # robust standard deviations; 11.6 is the largest of the embedded indices
PARALLEL_FROM = 64  # tickers; starting the processes takes three seconds


@dataclass(frozen=True)
class GARCHRecursion:
    """``s_{t+1} = omega + (alpha + gamma [e_t < 0]) e_t^2 + beta s_t``, in squared percent.

    `scale` (H,) multiplies the forecasts to the level of the target. `largest` is the bound of
    |log_return| in natural units, which `forecast_scaled` applies.

    Examples
    --------
    >>> recursion = GARCHRecursion(0.0, omega=0.05, alpha=0.05, beta=0.90, scale=np.ones(1))
    >>> round(recursion.level, 6)
    1.0
    >>> recursion.forecast_next(np.array([0.01, 0.03])).round(4).tolist()
    [1.0, 1.4]
    """

    mean: float
    omega: float
    alpha: float
    beta: float
    scale: NDArray[np.float64]
    gamma: float = 0.0
    largest: float = np.inf

    @property
    def persistence(self) -> float:
        """The share of a deviation from the level that remains after a session."""
        return self.alpha + self.gamma / 2.0 + self.beta

    @property
    def level(self) -> float:
        """The unconditional variance; for a persistence of 1 or more, that of 0.9999."""
        return self.omega / (1.0 - min(self.persistence, 0.9999))

    def forecast_next(self, log_return: Float) -> Float:
        """Return s_{t+1} for each t of `log_return` (T,), which is in natural units.

        The recursion starts at the unconditional variance; a missing return counts as one whose
        square is that variance.
        """
        error = 100.0 * log_return - self.mean
        impact = (self.alpha + self.gamma * (error < 0)) * error**2
        usual = (self.alpha + self.gamma / 2.0) * self.level
        shock = self.omega + np.where(np.isfinite(impact), impact, usual)
        ahead, _ = lfilter([1.0], [1.0, -self.beta], shock, zi=[self.beta * self.level])
        return np.asarray(ahead)

    def forecast_mean(self, log_return: Float, horizons: tuple[int, ...]) -> Float:
        """Return the mean variance over t+1 .. t+h, (T, H), before scaling, in natural units."""
        ahead = self.forecast_next(log_return)[:, None]
        decay = np.array([np.mean(self.persistence ** np.arange(h)) for h in horizons])
        return np.asarray((self.level + (ahead - self.level) * decay) / PERCENT_SQUARED)


class GARCH(Forecaster):
    """GARCH(1,1) with a constant mean, by ticker.

    GARCH forecasts the variance of close-to-close returns; the forecasts are scaled, by horizon, so
    that their mean over the fitted rows is that of the target. The model is estimated on the
    returns from the first session of `split.train` to the last fitted row. So that a single wrong
    price does not decide them, returns beyond `LARGEST_RETURN` robust standard deviations count as
    that, here and in the forecasts, and those of outlying sessions are left out (`bound_returns`).
    A ticker whose fit fails is NaN and falls back as the
    walk-forward defines.

    Parameters
    ----------
    asymmetric
        Whether negative returns weigh more than positive ones (GJR-GARCH).
    errors
        "normal", or "t" for Student's t.

    References
    ----------
    Bollerslev (1986), Journal of Econometrics 31. Glosten, Jagannathan & Runkle (1993), Journal of
    Finance 48.
    """

    def __init__(self, *, asymmetric: bool = False, errors: Literal["normal", "t"] = "normal"):
        self.asymmetric = asymmetric
        self.errors = errors

    def fit(self, sample: Sample, split: Split) -> Self:
        """Fit on the rows of the training and validation parts together."""
        rows = select_fit_rows(sample, split.both)
        options = {"vol": "GARCH", "o": int(self.asymmetric), "dist": self.errors}
        largest = compute_largest_returns(sample.log_return, rows, split.train.start)
        bounded = bound_returns(sample, largest)
        estimates = estimate_parameters(bounded.log_return, rows, split.train.start, options)
        recursions = [
            None if estimate is None else self._scale(estimate, bounded, ticker, rows[:, ticker])
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
        self, estimate: NDArray[np.float64], sample: Sample, ticker: int, rows: NDArray[np.bool_]
    ) -> GARCHRecursion | None:
        """Return the scaled recursion of an estimate, or None if it explodes."""
        log_return = sample.log_return[:, ticker]
        mean, omega, alpha, *rest = estimate
        gamma, beta = rest[:2] if self.asymmetric else (0.0, rest[0])
        raw = GARCHRecursion(mean, omega, alpha, beta, np.ones(len(sample.horizons)), gamma)
        ahead = raw.forecast_mean(log_return, sample.horizons)[rows]
        if not np.isfinite(ahead).all():
            return None
        mean_target = sample.bounded.target[rows, ticker].mean(axis=0)
        return replace(raw, scale=mean_target / ahead.mean(axis=0))


class ScaledRecursion(Protocol):
    """A recursion on a ticker's returns whose forecasts are scaled to the level of the target."""

    @property
    def scale(self) -> NDArray[np.float64]:
        """Factors (H,)."""
        ...

    @property
    def largest(self) -> float:
        """The bound of the absolute log returns, in natural units."""
        ...

    def forecast_mean(self, log_return: Float, horizons: tuple[int, ...]) -> Float:
        """Return the mean variance over t+1 .. t+h, (T, H), before scaling."""
        ...


def forecast_scaled(
    recursions: Sequence[ScaledRecursion | None], sample: Sample, origins: slice
) -> Float:
    """Return the scaled mean daily variance of each ticker, (n, N, H); NaN for None."""
    variance = np.full((len(sample.sessions), len(recursions), len(sample.horizons)), np.nan)
    for ticker, recursion in enumerate(recursions):
        if recursion is not None:
            largest = recursion.largest
            log_return = np.clip(sample.log_return[:, ticker], -largest, largest)
            ahead = recursion.forecast_mean(log_return, sample.horizons)
            variance[:, ticker] = ahead * recursion.scale
    return mask_unforecastable(variance[origins], sample, origins)


def compute_largest_returns(log_return: Float, rows: NDArray[np.bool_], first: int) -> Float:
    """Return the bound of each ticker's absolute returns (T, N) in an estimate, (N,).

    It is `LARGEST_RETURN` times the robust standard deviation (1.4826 times the median absolute
    return) of the returns that are estimated on; infinite without a return other than 0.
    """
    largest = np.full(log_return.shape[1], np.inf)
    for ticker, own in enumerate(rows.T):
        percent = _select_percent(log_return[first:, ticker], own[first:])
        spread = NORMAL * np.median(np.abs(percent)) if len(percent) else 0.0
        if spread > 0:
            largest[ticker] = LARGEST_RETURN * spread / 100.0
    return largest


def bound_returns(sample: Sample, largest: Float) -> Sample:
    """Return a sample to estimate on, whose absolute returns are at most `largest` (N,).

    The returns of a session that `Sample.bounded` ignores, and of the next one, are unknown: a
    wrong close is part of both.
    """
    ignored = sample.bounded.ignored
    wrong = ignored.copy()
    wrong[1:] |= ignored[:-1]
    bounded = np.clip(sample.log_return, -largest, largest)
    return replace(sample, log_return=np.where(wrong, np.nan, bounded))


def estimate_parameters(
    log_return: Float, rows: NDArray[np.bool_], first: int, options: dict[str, Any]
) -> list[NDArray[np.float64] | None]:
    """Return the estimates of a (1, 1) model of each ticker's returns (T, N) by arch.

    The returns are those from session `first` to the last of the ticker's `rows` (T, N). The
    estimate is None with fewer than `FEWEST_RETURNS` of them, or without convergence. Many tickers
    are estimated in parallel processes.
    """
    series = [
        _select_percent(returns[first:], own[first:])
        for returns, own in zip(log_return.T, rows.T, strict=True)
    ]
    if len(series) < PARALLEL_FROM:
        return [_estimate(percent, options) for percent in series]
    estimates = Parallel(n_jobs=cpu_count())(delayed(_estimate)(one, options) for one in series)
    return list(estimates)


def _select_percent(log_return: Float, rows: NDArray[np.bool_]) -> Float:
    """Return the known returns up to the last of `rows`, in percent."""
    last = np.flatnonzero(rows)[-1] if rows.any() else -1
    known = 100.0 * log_return[: last + 1]
    return known[np.isfinite(known)]


def _estimate(percent: Float, options: dict[str, Any]) -> NDArray[np.float64] | None:
    from arch import arch_model

    if len(percent) < FEWEST_RETURNS:
        return None
    model = arch_model(percent, p=1, q=1, rescale=False, **options)
    with np.errstate(all="ignore"):  # the flag below tells whether it converged
        fit = model.fit(disp="off", show_warning=False)
    return np.asarray(fit.params) if fit.convergence_flag == 0 else None
