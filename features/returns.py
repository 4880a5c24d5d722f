"""Features of the log return: its lags, means and negative part, raw and standardised.

All are (T, N); row t uses data to the close of t. A number after `lag` counts sessions back from
t: lag 0 is the return of session t itself. The z features are divided by the square root of the
22-day mean daily variance of the same session, which makes them comparable between calm and
stormy tickers. NaN where a bar that the formula needs is missing.
"""

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars
from volcast.features.registry import feature
from volcast.features.windows import lagged, window_mean

LOG_ABS_OFFSET = 0.05  # keeps log |z| finite on a day without a move


@feature("returns", return_lag_0=0, return_lag_1=1, return_lag_2=2, return_lag_3=3, return_lag_4=4)
def log_return_lag(bars: Bars, lag: int) -> FloatArray:
    """Log return of the session `lag` sessions before t."""
    return lagged(bars.log_return, lag)


@feature("returns", return_mean_5=5, return_mean_22=22)
def log_return_mean(bars: Bars, sessions: int) -> FloatArray:
    """Mean log return of the last 5 or 22 sessions."""
    return window_mean(bars.log_return, sessions)


@feature("returns")
def return_negative(bars: Bars) -> FloatArray:
    """Log return of session t where negative, else 0 (the leverage effect)."""
    return np.minimum(bars.log_return, 0.0)


@feature("returns", z=0, z_lag_1=1, z_lag_2=2)
def z_lag(bars: Bars, lag: int) -> FloatArray:
    """Standardised return of the session `lag` sessions before t."""
    return lagged(_z(bars), lag)


@feature("returns", z_negative=0, z_negative_lag_1=1, z_negative_lag_2=2)
def z_negative_lag(bars: Bars, lag: int) -> FloatArray:
    """Negative part of the standardised return of the session `lag` sessions before t."""
    return lagged(np.minimum(_z(bars), 0.0), lag)


@feature("returns", z_mean_5=5, z_mean_22=22)
def z_mean(bars: Bars, sessions: int) -> FloatArray:
    """Mean log return of the last 5 or 22 sessions, standardised."""
    return window_mean(bars.log_return, sessions) / bars.volatility_daily_22


@feature("returns")
def z_log_abs(bars: Bars) -> FloatArray:
    """Log of the absolute standardised return of session t, plus 0.05."""
    return np.log(np.abs(_z(bars)) + LOG_ABS_OFFSET)


def _z(bars: Bars) -> FloatArray:
    """(T, N) log return over the daily volatility of the last 22 sessions."""
    return bars.log_return / bars.volatility_daily_22
