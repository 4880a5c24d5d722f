"""Features of the log return: its lags, means and negative part, raw and standardised.

All are (T, N); row t uses data to the close of t. A number after `lag` counts sessions back from
t: lag 0 is the return of session t itself. The z features are divided by the square root of the
22-day mean daily variance at the same session, which makes calm and volatile tickers comparable.
NaN where a bar that the formula needs is missing.
"""

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars
from volcast.features.registry import feature
from volcast.features.windows import lag_rows, window_mean

LOG_ABS_OFFSET = 0.05  # keeps log |z| finite on a day without a move


@feature("returns", return_lag_0=0, return_lag_1=1, return_lag_2=2, return_lag_3=3, return_lag_4=4)
def log_return_lag(bars: Bars, lag: int) -> FloatArray:
    """Log return of the session `lag` sessions before t.

    Parameters
    ----------
    bars
        Bars of one exchange.
    lag
        Sessions before t, at least 0.

    Returns
    -------
    (T, N) log returns from close to close.
    """
    return lag_rows(bars.log_return, lag)


@feature("returns", return_mean_5=5, return_mean_22=22)
def log_return_mean(bars: Bars, sessions: int) -> FloatArray:
    """Mean log return of the last 5 or 22 sessions.

    Parameters
    ----------
    bars
        Bars of one exchange.
    sessions
        Length of the window, session t included.

    Returns
    -------
    (T, N) log returns a session; NaN where fewer than 60 % of the window are valid.
    """
    return window_mean(bars.log_return, sessions)


@feature("returns")
def return_negative(bars: Bars) -> FloatArray:
    """Log return of session t where negative, else 0 (the leverage effect).

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) log returns, at most 0.
    """
    return np.minimum(bars.log_return, 0.0)


@feature("returns", z=0, z_lag_1=1, z_lag_2=2)
def z_lag(bars: Bars, lag: int) -> FloatArray:
    """Standardised return of the session `lag` sessions before t.

    Parameters
    ----------
    bars
        Bars of one exchange.
    lag
        Sessions before t, at least 0.

    Returns
    -------
    (T, N), dimensionless.
    """
    return lag_rows(_standardise_returns(bars), lag)


@feature("returns", z_negative=0, z_negative_lag_1=1, z_negative_lag_2=2)
def z_negative_lag(bars: Bars, lag: int) -> FloatArray:
    """Negative part of the standardised return of the session `lag` sessions before t.

    Parameters
    ----------
    bars
        Bars of one exchange.
    lag
        Sessions before t, at least 0.

    Returns
    -------
    (T, N), dimensionless, at most 0.
    """
    return lag_rows(np.minimum(_standardise_returns(bars), 0.0), lag)


@feature("returns", z_mean_5=5, z_mean_22=22)
def z_mean(bars: Bars, sessions: int) -> FloatArray:
    """Mean log return of the last 5 or 22 sessions, standardised.

    Parameters
    ----------
    bars
        Bars of one exchange.
    sessions
        Length of the window, session t included.

    Returns
    -------
    (T, N), dimensionless; NaN where fewer than 60 % of the window are valid.
    """
    return window_mean(bars.log_return, sessions) / bars.volatility_daily_22


@feature("returns")
def z_log_abs(bars: Bars) -> FloatArray:
    """Log of the absolute standardised return of session t plus 0.05.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N), at least log 0.05.
    """
    return np.log(np.abs(_standardise_returns(bars)) + LOG_ABS_OFFSET)


def _standardise_returns(bars: Bars) -> FloatArray:
    """Return the log return over the daily volatility of the last 22 sessions, (T, N)."""
    return bars.log_return / bars.volatility_daily_22
