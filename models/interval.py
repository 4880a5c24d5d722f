"""Prediction intervals from what earlier forecasts of the same model turned out to be off by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

FEWEST_RESIDUALS = 50


def interval(variance: Float, log_residuals: Float, level: float) -> tuple[Float, Float]:
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
    the finite-sample quantile ``ceil((m + 1) q) / m``. With fewer than 50 residuals it is NaN.
    """
    known = log_residuals[np.isfinite(log_residuals)]
    if len(known) < FEWEST_RESIDUALS:
        return np.full_like(variance, np.nan), np.full_like(variance, np.nan)
    tail = (1.0 - level) / 2.0
    beyond = np.ceil((len(known) + 1) * (1.0 - tail)) / len(known)
    upper = np.quantile(known, min(beyond, 1.0), method="higher")
    lower = -np.quantile(-known, min(beyond, 1.0), method="higher")
    return variance * np.exp(lower), variance * np.exp(upper)
