"""Daily variance proxies from one bar, and the Yang-Zhang estimator over a window.

Every proxy takes the `PriceLogs` of T sessions and N tickers and returns (T, N) daily variances in
squared log-return units, not yet floored. Row t uses data to the close of t; the overnight part
also uses the close of t - 1. NaN where a price that the formula needs is missing.

In the formulas u = log(high / open), d = log(low / open) and c = log(close / open). The
open-to-close proxies miss what happens overnight: they serve as features, and measure the complete
day only with the squared overnight return added.

References
----------
Parkinson (1980), The extreme value method for estimating the variance of the rate of return.
Garman and Klass (1980), On the estimation of security price volatilities from historical data.
Rogers and Satchell (1991), Estimating variance from high, low and closing prices.
Yang and Zhang (2000), Drift-independent volatility estimation.
Molnar (2012), Properties of range-based volatility estimators (the overnight jump as a separate
term).

Examples
--------
>>> from types import SimpleNamespace
>>> import numpy as np
>>> day = SimpleNamespace(
...     log_return=np.log([[1.02]]),
...     overnight_return=np.log([[1.01]]),
...     log_high_open=np.log([[1.02]]),
...     log_low_open=np.log([[0.99]]),
...     log_close_open=np.log([[1.01]]),
... )
>>> for name, proxy in PROXIES.items():
...     print(f"{name:<26}{proxy(day).item():.6f}")
close_to_close            0.000392
parkinson                 0.000321
garman_klass              0.000407
rogers_satchell           0.000396
true_range_parkinson      0.000321
overnight_parkinson       0.000420
overnight_garman_klass    0.000506
overnight_rogers_satchell 0.000495
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.windows import window_mean, window_std

PARKINSON_SCALE = 4.0 * math.log(2.0)  # E[range^2] of a Brownian motion, in units of its variance
GARMAN_KLASS_CLOSE_WEIGHT = 2.0 * math.log(2.0) - 1.0
WHOLE_DAY_PREFIX = "overnight_"  # of the proxies that add the squared overnight return
YANG_ZHANG_ALPHA = 1.34  # Yang and Zhang (2000): gives k the least variance


class PriceLogs(Protocol):
    """The log prices that the proxies need, each (T, N); `volcast.features.bars.Bars` has them."""

    @property
    def log_return(self) -> FloatArray:
        """log(close_t / close_{t-1}), adjusted for splits and dividends."""

    @property
    def overnight_return(self) -> FloatArray:
        """log(open_t / close_{t-1}), adjusted for splits and dividends."""

    @property
    def log_high_open(self) -> FloatArray:
        """log(high / open)."""

    @property
    def log_low_open(self) -> FloatArray:
        """log(low / open)."""

    @property
    def log_close_open(self) -> FloatArray:
        """log(close / open)."""


def close_to_close(prices: PriceLogs) -> FloatArray:
    """Return the squared log return: unbiased, but very noisy.

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) variance from close to close; NaN on the first session.
    """
    return prices.log_return**2


def overnight(prices: PriceLogs) -> FloatArray:
    """Return the squared overnight return, log(open_t / close_{t-1})^2.

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) variance from close to open; NaN on the first session.
    """
    return prices.overnight_return**2


def parkinson(prices: PriceLogs) -> FloatArray:
    """Return the Parkinson variance, (u - d)^2 / (4 log 2).

    It assumes that the price has no drift during the session (Parkinson 1980).

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) variance from open to close.
    """
    return (prices.log_high_open - prices.log_low_open) ** 2 / PARKINSON_SCALE


def garman_klass(prices: PriceLogs) -> FloatArray:
    """Return the Garman-Klass variance, (u - d)^2 / 2 - (2 log 2 - 1) c^2.

    The practical form of Garman and Klass (1980). It assumes no drift.

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) variance from open to close.
    """
    squared_range = (prices.log_high_open - prices.log_low_open) ** 2
    return 0.5 * squared_range - GARMAN_KLASS_CLOSE_WEIGHT * prices.log_close_open**2


def rogers_satchell(prices: PriceLogs) -> FloatArray:
    """Return the Rogers-Satchell variance, u (u - c) + d (d - c).

    It is unbiased for any drift, and 0 on a day of pure trend (Rogers and Satchell 1991).

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) variance from open to close, at least 0.
    """
    up, down, change = prices.log_high_open, prices.log_low_open, prices.log_close_open
    return up * (up - change) + down * (down - change)


def overnight_parkinson(prices: PriceLogs) -> FloatArray:
    """Return the squared overnight return plus the Parkinson variance.

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) variance of the complete day, from close to close; NaN on the first session.
    """
    return overnight(prices) + parkinson(prices)


def overnight_garman_klass(prices: PriceLogs) -> FloatArray:
    """Return the squared overnight return plus the Garman-Klass variance.

    Molnar (2012).

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) variance of the complete day, from close to close; NaN on the first session.
    """
    return overnight(prices) + garman_klass(prices)


def overnight_rogers_satchell(prices: PriceLogs) -> FloatArray:
    """Return the squared overnight return plus the Rogers-Satchell variance.

    The default proxy.

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) variance of the complete day, from close to close; NaN on the first session.
    """
    return overnight(prices) + rogers_satchell(prices)


def true_range_parkinson(prices: PriceLogs) -> FloatArray:
    """Return the Parkinson variance of the true range, which includes the previous close.

    (max(high, close before) - min(low, close before))^2 / (4 log 2) in logs. It needs no open, and
    is right for a price that moves between two closes without stopping overnight; a gap at the
    open counts for 36 % of its square.

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) variance of the complete day, from close to close; NaN on the first session.
    """
    close_before = -prices.overnight_return  # relative to the open, as high and low are
    highest = np.maximum(prices.log_high_open, close_before)
    lowest = np.minimum(prices.log_low_open, close_before)
    return np.asarray((highest - lowest) ** 2 / PARKINSON_SCALE)


def yang_zhang(prices: PriceLogs, sessions: int) -> FloatArray:
    """Return the Yang-Zhang variance over the last `sessions` sessions, which allows for drift.

    The sample variance of the overnight returns, plus k times that of the open-to-close returns,
    plus 1 - k times the mean Rogers-Satchell variance, with
    k = 0.34 / (1.34 + (n + 1) / (n - 1)) (Yang and Zhang 2000).

    Parameters
    ----------
    prices
        Log prices, (T, N).
    sessions
        Length n of the window, session t included, at least 2.

    Returns
    -------
    (T, N) mean variance of a complete day; NaN where fewer than 60 % of the sessions are valid.
    """
    k = (YANG_ZHANG_ALPHA - 1.0) / (YANG_ZHANG_ALPHA + (sessions + 1.0) / (sessions - 1.0))
    overnight_part = window_std(prices.overnight_return, sessions) ** 2
    open_to_close_part = window_std(prices.log_close_open, sessions) ** 2
    range_part = window_mean(rogers_satchell(prices), sessions)
    return overnight_part + k * open_to_close_part + (1.0 - k) * range_part


PROXIES: dict[str, Callable[[PriceLogs], FloatArray]] = {
    proxy.__name__: proxy
    for proxy in (
        close_to_close,
        parkinson,
        garman_klass,
        rogers_satchell,
        true_range_parkinson,
        overnight_parkinson,
        overnight_garman_klass,
        overnight_rogers_satchell,
    )
}
