"""Features of past variance: level, path, range and overnight parts, and its own variability.

All are (T, N), logs of daily variances unless said otherwise; row t uses data to the close of t.
Daily variances not above `VARIANCE_FLOOR` count as missing; a window needs 60 % of its sessions.
"""

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars, above_floor
from volcast.features.registry import feature
from volcast.features.variance import (
    garman_klass,
    overnight,
    parkinson,
    rogers_satchell,
    yang_zhang,
)
from volcast.features.windows import lagged, window_max, window_mean, window_std

CLOSE_TO_CLOSE_OFFSET = 1e-7  # keeps the log finite in a window without a move
LOG_ABS_OFFSET = 0.05  # likewise on a day that opens where the last one closed
MONTH, YEAR = 22, 250  # sessions
FEWEST_FOR_LEVEL = 60  # sessions


@feature("past_volatility", level=True, har_1=1, har_5=5, har_22=22, har_66=66, har_250=250)
def har(bars: Bars, sessions: int) -> FloatArray:
    """Log mean daily variance of the last 1, 5, 22, 66 or 250 sessions (Corsi 2009)."""
    return np.log(window_mean(bars.variance, sessions))


@feature(
    "past_volatility",
    level=True,
    mean_log_5=5,
    mean_log_22=22,
    mean_log_66=66,
    mean_log_250=250,
)
def mean_log(bars: Bars, sessions: int) -> FloatArray:
    """Mean log daily variance of the last 5, 22, 66 or 250 sessions: a level that no jump moves."""
    return window_mean(bars.log_variance, sessions)


@feature("past_volatility", level=True)
def mean_log_all(bars: Bars) -> FloatArray:
    """Mean log daily variance of all sessions so far, from the 60th on: the ticker's own level."""
    known = np.isfinite(bars.log_variance)
    count = known.cumsum(axis=0)
    total = np.where(known, bars.log_variance, 0.0).cumsum(axis=0)
    return np.where(count >= FEWEST_FOR_LEVEL, total / np.maximum(count, 1), np.nan)


@feature("past_volatility", level=True, parkinson_1=1, parkinson_5=5, parkinson_22=22)
def log_parkinson(bars: Bars, sessions: int) -> FloatArray:
    """Log mean Parkinson variance of the last 1, 5 or 22 sessions, open to close."""
    return np.log(window_mean(above_floor(parkinson(bars)), sessions))


@feature("past_volatility", level=True)
def garman_klass_22(bars: Bars) -> FloatArray:
    """Log mean Garman-Klass variance of the last 22 sessions, open to close."""
    return np.log(window_mean(above_floor(garman_klass(bars)), MONTH))


@feature("past_volatility", level=True)
def rogers_satchell_22(bars: Bars) -> FloatArray:
    """Log mean Rogers-Satchell variance of the last 22 sessions, open to close."""
    return np.log(window_mean(above_floor(rogers_satchell(bars)), MONTH))


@feature("past_volatility", level=True)
def yang_zhang_22(bars: Bars) -> FloatArray:
    """Log Yang-Zhang variance over the last 22 sessions, overnight included."""
    return np.log(above_floor(yang_zhang(bars, MONTH)))


@feature("past_volatility", level=True, close_to_close_5=5, close_to_close_22=22)
def log_close_to_close(bars: Bars, sessions: int) -> FloatArray:
    """Log mean squared log return of the last 5 or 22 sessions, plus 1e-7."""
    mean_square = window_mean(bars.log_return**2, sessions)
    return np.log(mean_square + CLOSE_TO_CLOSE_OFFSET)


@feature("past_volatility")
def overnight_share_22(bars: Bars) -> FloatArray:
    """Share (0 to 1) of the overnight part in overnight plus Parkinson, last 22 sessions."""
    overnight_mean = window_mean(overnight(bars), MONTH)
    open_to_close_mean = window_mean(above_floor(parkinson(bars)), MONTH)
    return overnight_mean / (overnight_mean + open_to_close_mean)


@feature("past_volatility")
def overnight_log_abs_z(bars: Bars) -> FloatArray:
    """Log of the absolute overnight return over the 22-day daily volatility, plus 0.05."""
    return np.log(np.abs(bars.overnight_return) / bars.volatility_daily_22 + LOG_ABS_OFFSET)


@feature("past_volatility")
def own_level_250(bars: Bars) -> FloatArray:
    """Log daily variance less the ticker's own mean of it over the last 250 sessions."""
    return bars.log_variance - window_mean(bars.log_variance, YEAR)


@feature("past_volatility")
def jumpiness_250(bars: Bars) -> FloatArray:
    """Log of the mean less mean of the log of daily variance, last 250 sessions: unevenness."""
    return np.log(window_mean(bars.variance, YEAR)) - window_mean(bars.log_variance, YEAR)


@feature("past_volatility", volatility_of_volatility_22=22, volatility_of_volatility_66=66)
def volatility_of_volatility(bars: Bars, sessions: int) -> FloatArray:
    """Sample standard deviation of log daily variance over the last 22 or 66 sessions."""
    return window_std(bars.log_variance, sessions)


@feature("past_volatility", level=True)
def max_22(bars: Bars) -> FloatArray:
    """Largest log daily variance of the last 22 sessions."""
    return window_max(bars.log_variance, MONTH)


# A family of its own, optional: one session without a variance must not silence the next five.
@feature(
    "variance_lags",
    optional=True,
    level=True,
    log_variance_lag_1=1,
    log_variance_lag_2=2,
    log_variance_lag_3=3,
    log_variance_lag_4=4,
    log_variance_lag_5=5,
)
def log_variance_lag(bars: Bars, lag: int) -> FloatArray:
    """Log daily variance of the session `lag` sessions before t."""
    return lagged(bars.log_variance, lag)
