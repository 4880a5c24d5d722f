"""Variance to volatility and back: the only place that converts units."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

SESSIONS_PER_YEAR = 252
DAYS_PER_YEAR = 365  # for assets that trade every day
PERCENT = 100.0


def volatility_annual_pct(
    variance_daily: ArrayLike, periods_per_year: ArrayLike = SESSIONS_PER_YEAR
) -> NDArray[np.float64]:
    """Return the annualised volatility in percent, ``100 * sqrt(periods * variance)``.

    Parameters
    ----------
    variance_daily
        Daily variance in squared log-return units (0.0001 is 1 % a day), any shape.
    periods_per_year
        252 for exchange sessions, 365 for assets that trade every day; broadcast.

    NaN stays NaN; a negative variance raises ``ValueError``.
    """
    variance = np.asarray(variance_daily, dtype=np.float64)
    if np.any(variance < 0):
        raise ValueError(f"a variance cannot be negative; the smallest is {np.nanmin(variance):g}")
    return np.asarray(PERCENT * np.sqrt(np.asarray(periods_per_year) * variance))


def variance_daily(
    volatility_annual_pct: ArrayLike, periods_per_year: ArrayLike = SESSIONS_PER_YEAR
) -> NDArray[np.float64]:
    """Return the daily variance of an annualised volatility in percent (the inverse)."""
    fraction = np.asarray(volatility_annual_pct, dtype=np.float64) / PERCENT
    return np.asarray(fraction**2 / np.asarray(periods_per_year))
