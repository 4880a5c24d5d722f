"""Prediction intervals from what earlier forecasts of the same model turned out to be off by."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

FEWEST_RESIDUALS = 50
ROUNDING = 1e-9  # 100 * 0.95 must not become the 96th


def conformal_interval(variance: Float, log_residuals: Float, level: float) -> tuple[Float, Float]:
    """Return lower and upper bound of the realised variance around each forecast.

    Parameters
    ----------
    variance : (n,)
        Forecasts of the mean daily variance.
    log_residuals : (m,)
        ``log(realized / forecast)`` of forecasts that were out of sample and whose outcome was
        known before the first of `variance`; NaN is left out.
    level : float
        Probability of the interval; the tails are equal.

    The interval is that of split conformal prediction (Vovk, Gammerman & Shafer 2005, ch. 2), with
    the finite-sample rank: the upper bound is the residual of rank ``ceil((m + 1) (1 - tail))``,
    the lower one its mirror image; beyond the last residual there is none, and the last is taken.
    With fewer than 50 residuals it is NaN.
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
    """Return the share of past residuals below each new one, (n,): its probability integral.

    Uniform in (0, 1) where the distribution of the past is that of the present; NaN where a new
    residual is, or with fewer than 50 past ones.
    """
    known = np.sort(log_residuals[np.isfinite(log_residuals)])
    if len(known) < FEWEST_RESIDUALS:
        return np.full_like(log_residuals_new, np.nan)
    below = (np.searchsorted(known, log_residuals_new) + 0.5) / (len(known) + 1)
    return np.where(np.isfinite(log_residuals_new), below, np.nan)
