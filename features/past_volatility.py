"""Features of the level of past variance: HAR terms, mean logs, and other estimators of it.

All are (T, N); row t uses data to the close of t. Daily variances not above `VARIANCE_FLOOR` count
as missing. A window is NaN where fewer than 60 % of its sessions (rounded up) are valid.
"""

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars
from volcast.features.measure import mask_below_floor
from volcast.features.registry import feature
from volcast.features.variance import (
    garman_klass,
    parkinson,
    rogers_satchell,
    yang_zhang,
)
from volcast.features.windows import window_mean

CLOSE_TO_CLOSE_OFFSET = 1e-7  # keeps the log finite in a window without a move
MONTH = 22  # sessions
MIN_SESSIONS_FOR_LEVEL = 60


@feature("past_volatility", level=True, long_run=True, har_250=250)
@feature("past_volatility", level=True, har_1=1, har_5=5, har_22=22, har_66=66)
def har(bars: Bars, sessions: int) -> FloatArray:
    """Log mean daily variance of the last 1, 5, 22, 66 or 250 sessions.

    Windows of 1, 5 and 22 sessions are the terms of HAR (Corsi 2009, A simple approximate
    long-memory model of realized volatility).

    Parameters
    ----------
    bars
        Bars of one exchange.
    sessions
        Length of the window, session t included.

    Returns
    -------
    (T, N) logs of daily variances.
    """
    return np.log(window_mean(bars.variance, sessions))


@feature("past_volatility", level=True, long_run=True, mean_log_250=250)
@feature("past_volatility", level=True, mean_log_5=5, mean_log_22=22, mean_log_66=66)
def mean_log(bars: Bars, sessions: int) -> FloatArray:
    """Mean log daily variance of the last 5, 22, 66 or 250 sessions.

    A level that a single jump hardly moves.

    Parameters
    ----------
    bars
        Bars of one exchange.
    sessions
        Length of the window, session t included.

    Returns
    -------
    (T, N) logs of daily variances.
    """
    return window_mean(bars.log_variance, sessions)


@feature("past_volatility", level=True, long_run=True)
def mean_log_all(bars: Bars) -> FloatArray:
    """Mean log daily variance of all sessions so far, the long-run level of the ticker.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) logs of daily variances; NaN before the 60th valid session.
    """
    known = np.isfinite(bars.log_variance)
    count = known.cumsum(axis=0)
    total = np.where(known, bars.log_variance, 0.0).cumsum(axis=0)
    return np.where(count >= MIN_SESSIONS_FOR_LEVEL, total / np.maximum(count, 1), np.nan)


@feature("past_volatility", level=True, parkinson_1=1, parkinson_5=5, parkinson_22=22)
def log_parkinson(bars: Bars, sessions: int) -> FloatArray:
    """Log mean Parkinson variance of the last 1, 5 or 22 sessions, open to close.

    Parameters
    ----------
    bars
        Bars of one exchange.
    sessions
        Length of the window, session t included.

    Returns
    -------
    (T, N) logs of daily variances.
    """
    return np.log(window_mean(mask_below_floor(parkinson(bars)), sessions))


@feature("past_volatility", level=True)
def garman_klass_22(bars: Bars) -> FloatArray:
    """Log mean Garman-Klass variance of the last 22 sessions, open to close.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) logs of daily variances.
    """
    return np.log(window_mean(mask_below_floor(garman_klass(bars)), MONTH))


@feature("past_volatility", level=True)
def rogers_satchell_22(bars: Bars) -> FloatArray:
    """Log mean Rogers-Satchell variance of the last 22 sessions, open to close.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) logs of daily variances.
    """
    return np.log(window_mean(mask_below_floor(rogers_satchell(bars)), MONTH))


@feature("past_volatility", level=True)
def yang_zhang_22(bars: Bars) -> FloatArray:
    """Log Yang-Zhang variance over the last 22 sessions, overnight included.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) logs of daily variances.
    """
    return np.log(mask_below_floor(yang_zhang(bars, MONTH)))


@feature("past_volatility", level=True, close_to_close_5=5, close_to_close_22=22)
def log_close_to_close(bars: Bars, sessions: int) -> FloatArray:
    """Log of the mean squared log return of the last 5 or 22 sessions plus 1e-7.

    Parameters
    ----------
    bars
        Bars of one exchange.
    sessions
        Length of the window, session t included.

    Returns
    -------
    (T, N) logs of daily variances.
    """
    mean_square = window_mean(bars.log_return**2, sessions)
    return np.log(mean_square + CLOSE_TO_CLOSE_OFFSET)
