"""Daily variance proxies from one bar, and the Yang-Zhang estimator over a window.

Every proxy takes `PriceLogs` and returns (T, N) daily variances in squared log-return units, not
yet floored. Row t uses data to the close of t; the overnight part also uses the close of t - 1. NaN
where a price that the formula needs is missing. With u = log(high / open), d = log(low / open)
and c = log(close / open); the open-to-close proxies miss what happens overnight, so that they
are features, and become a whole day's proxy only with the squared overnight return added.

Sources
-------
Parkinson (1980), The extreme value method for estimating the variance of the rate of return.
Garman and Klass (1980), On the estimation of security price volatilities from historical data.
Rogers and Satchell (1991), Estimating variance from high, low and closing prices.
Yang and Zhang (2000), Drift-independent volatility estimation.
Molnar (2012), Properties of range-based volatility estimators (the overnight jump as a term of
its own).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from volcast.features._typing import FloatArray
from volcast.features.windows import window_mean, window_std

PARKINSON_SCALE = 4.0 * math.log(2.0)  # E[range^2] of a Brownian motion, in units of its variance
GARMAN_KLASS_CLOSE_WEIGHT = 2.0 * math.log(2.0) - 1.0
YANG_ZHANG_ALPHA = 1.34  # Yang and Zhang (2000): gives k the least variance


class PriceLogs(Protocol):
    """What the proxies need of the bars, each (T, N); `volcast.features.bars.Bars` has it all."""

    @property
    def log_return(self) -> FloatArray:
        """log(close_t / close_{t-1}), adjusted."""

    @property
    def overnight_return(self) -> FloatArray:
        """log(open_t / close_{t-1}), adjusted."""

    @property
    def log_high_open(self) -> FloatArray:
        """log(high / open)."""

    @property
    def log_low_open(self) -> FloatArray:
        """log(low / open)."""

    @property
    def log_close_open(self) -> FloatArray:
        """log(close / open)."""


def close_to_close(bars: PriceLogs) -> FloatArray:
    """Squared log return, adjusted for splits and dividends: unbiased, very noisy."""
    return bars.log_return**2


def overnight(bars: PriceLogs) -> FloatArray:
    """Squared overnight return, log(open_t / close_{t-1})^2, adjusted for splits and dividends."""
    return bars.overnight_return**2


def parkinson(bars: PriceLogs) -> FloatArray:
    """Open-to-close: (u - d)^2 / (4 log 2). Assumes no drift."""
    return (bars.log_high_open - bars.log_low_open) ** 2 / PARKINSON_SCALE


def garman_klass(bars: PriceLogs) -> FloatArray:
    """Open-to-close: (u - d)^2 / 2 - (2 log 2 - 1) c^2, the paper's practical form. No drift."""
    squared_range = (bars.log_high_open - bars.log_low_open) ** 2
    return 0.5 * squared_range - GARMAN_KLASS_CLOSE_WEIGHT * bars.log_close_open**2


def rogers_satchell(bars: PriceLogs) -> FloatArray:
    """Open-to-close: u (u - c) + d (d - c). Right for any drift; 0 on a day of pure trend."""
    up, down, change = bars.log_high_open, bars.log_low_open, bars.log_close_open
    return up * (up - change) + down * (down - change)


def overnight_parkinson(bars: PriceLogs) -> FloatArray:
    """Whole day: squared overnight return plus Parkinson."""
    return overnight(bars) + parkinson(bars)


def overnight_garman_klass(bars: PriceLogs) -> FloatArray:
    """Whole day: squared overnight return plus Garman-Klass (Molnar 2012)."""
    return overnight(bars) + garman_klass(bars)


def overnight_rogers_satchell(bars: PriceLogs) -> FloatArray:
    """Whole day, the default: squared overnight return plus Rogers-Satchell."""
    return overnight(bars) + rogers_satchell(bars)


def yang_zhang(bars: PriceLogs, sessions: int) -> FloatArray:
    """Whole-day variance over the last `sessions` sessions, free of drift.

    Sample variance of the overnight returns, plus k times that of the open-to-close returns,
    plus 1 - k times the mean Rogers-Satchell variance, with
    k = 0.34 / (1.34 + (n + 1) / (n - 1)) (Yang and Zhang 2000). NaN where
    fewer than 60 % of the sessions are valid.
    """
    k = (YANG_ZHANG_ALPHA - 1.0) / (YANG_ZHANG_ALPHA + (sessions + 1.0) / (sessions - 1.0))
    overnight_part = window_std(bars.overnight_return, sessions) ** 2
    open_to_close_part = window_std(bars.log_close_open, sessions) ** 2
    range_part = window_mean(rogers_satchell(bars), sessions)
    return overnight_part + k * open_to_close_part + (1.0 - k) * range_part


PROXIES: dict[str, Callable[[PriceLogs], FloatArray]] = {
    proxy.__name__: proxy
    for proxy in (
        close_to_close,
        parkinson,
        garman_klass,
        rogers_satchell,
        overnight_parkinson,
        overnight_garman_klass,
        overnight_rogers_satchell,
    )
}
