"""Features of how past variance moved: overnight share, deviation from its mean, variability, lags.

All are (T, N); row t uses data to the close of t. Daily variances not above `VARIANCE_FLOOR` count
as missing. A window is NaN where fewer than 60 % of its sessions (rounded up) are valid.
"""

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars
from volcast.features.measure import mask_below_floor
from volcast.features.registry import feature
from volcast.features.variance import overnight, parkinson
from volcast.features.windows import lag_rows, window_max, window_mean, window_std

LOG_ABS_OFFSET = 0.05  # keeps the log finite on a day that opens where the last one closed
MONTH, YEAR = 22, 250  # sessions


@feature("past_volatility")
def overnight_share_22(bars: Bars) -> FloatArray:
    """Share of the overnight variance in overnight plus Parkinson, last 22 sessions.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) shares from 0 to 1.
    """
    overnight_mean = window_mean(overnight(bars), MONTH)
    open_to_close_mean = window_mean(mask_below_floor(parkinson(bars)), MONTH)
    return overnight_mean / (overnight_mean + open_to_close_mean)


@feature("past_volatility")
def overnight_log_abs_z(bars: Bars) -> FloatArray:
    """Log of 0.05 plus the absolute overnight return over the 22-day daily volatility.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N), dimensionless, at least log 0.05.
    """
    return np.log(np.abs(bars.overnight_return) / bars.volatility_daily_22 + LOG_ABS_OFFSET)


@feature("past_volatility", long_run=True)
def own_level_250(bars: Bars) -> FloatArray:
    """Log daily variance less its mean over the last 250 sessions.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) differences of logs.
    """
    return bars.log_variance - window_mean(bars.log_variance, YEAR)


@feature("past_volatility", long_run=True)
def jumpiness_250(bars: Bars) -> FloatArray:
    """Log mean less mean log of the daily variance, last 250 sessions.

    The more uneven the variance, the larger it is.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) differences of logs, at least 0.
    """
    return np.log(window_mean(bars.variance, YEAR)) - window_mean(bars.log_variance, YEAR)


@feature("past_volatility", volatility_of_volatility_22=22, volatility_of_volatility_66=66)
def volatility_of_volatility(bars: Bars, sessions: int) -> FloatArray:
    """Sample standard deviation of log daily variance over the last 22 or 66 sessions.

    Parameters
    ----------
    bars
        Bars of one exchange.
    sessions
        Length of the window, session t included.

    Returns
    -------
    (T, N), in log units.
    """
    return window_std(bars.log_variance, sessions)


@feature("past_volatility", level=True)
def max_22(bars: Bars) -> FloatArray:
    """Largest log daily variance of the last 22 sessions.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) logs of daily variances.
    """
    return window_max(bars.log_variance, MONTH)


# A family of its own, and optional: a session without a variance must not make the next five rows
# unusable.
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
    """Log daily variance of the session `lag` sessions before t.

    Parameters
    ----------
    bars
        Bars of one exchange.
    lag
        Sessions before t.

    Returns
    -------
    (T, N) logs of daily variances.
    """
    return lag_rows(bars.log_variance, lag)
