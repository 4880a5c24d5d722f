"""From variance to volatility: the only place that converts units."""

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
        Daily variance in squared log-return units (0.0001 is 1 % a day), any shape. NaN stays NaN.
    periods_per_year
        252 for exchange sessions, 365 for assets that trade every day; broadcast.

    Returns
    -------
    Annualised volatility in percent, in the broadcast shape.

    Raises
    ------
    ValueError
        If a variance is negative.

    Examples
    --------
    >>> volatility_annual_pct(0.0001).round(2)
    np.float64(15.87)
    >>> volatility_annual_pct([0.0001, 0.0004], [252, 365]).round(2)
    array([15.87, 38.21])
    """
    variance = np.asarray(variance_daily, dtype=np.float64)
    if np.any(variance < 0):
        raise ValueError(f"a variance cannot be negative; the smallest is {np.nanmin(variance):g}")
    return np.asarray(PERCENT * np.sqrt(np.asarray(periods_per_year) * variance))
