"""Conformal prediction intervals from the errors of earlier forecasts of the same model."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

FEWEST_RESIDUALS = 50
ROUNDING = 1e-9  # keeps 100 * 0.95 from being rounded up to rank 96


def conformal_interval(variance: Float, log_residuals: Float, level: float) -> tuple[Float, Float]:
    """Return the lower and upper bound of the realised variance for each forecast.

    The interval is that of split conformal prediction, with the finite-sample rank: the upper bound
    is the residual of rank ``ceil((m + 1) (1 - tail))``, at most the largest one, and the lower
    bound its mirror image.

    Parameters
    ----------
    variance
        Forecasts of the mean daily variance, (n,).
    log_residuals
        ``log(realised / forecast)`` of m out-of-sample forecasts, (m,), whose outcomes were known
        before the first of `variance`; NaN is ignored.
    level
        Probability of the interval; the tails are equal.

    Returns
    -------
    lower, upper
        (n,), in the unit of `variance`; NaN with fewer than 50 residuals.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World, chapter 2.

    Examples
    --------
    >>> lower, upper = conformal_interval(np.array([1e-4]), np.linspace(-1.0, 1.0, 99), level=0.9)
    >>> print(f"{lower[0]:.1e} {upper[0]:.1e}")
    4.0e-05 2.5e-04
    """
    known = log_residuals[np.isfinite(log_residuals)]
    if len(known) < FEWEST_RESIDUALS:
        return np.full_like(variance, np.nan), np.full_like(variance, np.nan)
    tail = (1.0 - level) / 2.0
    rank = math.ceil((len(known) + 1) * (1.0 - tail) - ROUNDING)
    rank = min(rank, len(known))
    ordered = np.sort(known)
    return variance * np.exp(ordered[-rank]), variance * np.exp(ordered[rank - 1])


def probability_integral_transform(log_residuals_new: Float, log_residuals: Float) -> Float:
    """Return the share of past residuals below each new one, (n,).

    It is uniform in (0, 1) if the distribution has not changed.

    Parameters
    ----------
    log_residuals_new
        ``log(realised / forecast)`` of n forecasts, (n,).
    log_residuals
        Those of m earlier out-of-sample forecasts, (m,); NaN is ignored.

    Returns
    -------
    share
        (n,), in (0, 1); NaN for a residual that is NaN, and with fewer than 50 past ones.

    Examples
    --------
    >>> past = np.linspace(-1.0, 1.0, 99)
    >>> probability_integral_transform(np.array([-2.0, 0.001, np.nan]), past).tolist()
    [0.005, 0.505, nan]
    """
    known = np.sort(log_residuals[np.isfinite(log_residuals)])
    if len(known) < FEWEST_RESIDUALS:
        return np.full_like(log_residuals_new, np.nan)
    below = (np.searchsorted(known, log_residuals_new) + 0.5) / (len(known) + 1)
    return np.where(np.isfinite(log_residuals_new), below, np.nan)
