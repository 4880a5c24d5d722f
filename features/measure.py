"""The daily variance of each bar: the chosen proxy, replaced where the bar does not support it.

The whole-day proxies take open_t - close_{t-1} for what happened overnight. For an index that is
computed from the last trades of its members the first price of a session is often the previous
close: the overnight return is near 0 and the jump at the open counts as drift, which
Rogers-Satchell leaves out. Where opens are stale, the Parkinson variance of the true range is taken
instead: it needs no open. It also replaces a proxy that is 0 although the price moved, such as
Rogers-Satchell on a day of pure trend. A bar whose high is its low (a fund's net asset value, a
fixing) says nothing but its return, and is measured by that.

References
----------
Wilder (1978), New Concepts in Technical Trading Systems (true range).
Parkinson (1980), The extreme value method for estimating the variance of the rate of return.
Hansen and Lunde (2005), A realized variance for the whole day based on intermittent
high-frequency data (stale prices at the open of indices).
"""

from __future__ import annotations

import numpy as np

from volcast.features._typing import BoolArray, FloatArray
from volcast.features.variance import (
    PROXIES,
    WHOLE_DAY_PREFIX,
    PriceLogs,
    close_to_close,
    parkinson,
    true_range_parkinson,
)
from volcast.features.windows import window_mean

VARIANCE_FLOOR = 1e-8  # a daily volatility of 0.01 %: a bar below it is stale, not calm
YEAR, MONTH = 252, 22  # sessions
# Mean overnight move in units of the mean daily move. 37,000 ticker-years of 3,300 US stocks and
# ETFs lie at 0.17 or above, 99.9 % of them above 0.21; the S&P 500 index lay below 0.2 in 17 of 18
# years up to 2016.
STALE_OPEN_SHARE = 0.2
LEAST_SHARE_OF_RANGES = 0.5  # of a year's bars; with fewer, the ticker is one without ranges
LARGEST_MOVE = 0.1  # in logs; a larger one counts as this, so that one bad price decides nothing


def mask_below_floor(variance: FloatArray) -> FloatArray:
    """Return `variance` with NaN wherever it is not above `VARIANCE_FLOOR`.

    Parameters
    ----------
    variance
        Daily variance in squared log-return units, any shape; NaN stays NaN.

    Examples
    --------
    >>> mask_below_floor(np.array([1e-4, 1e-9, np.nan]))
    array([0.0001,    nan,    nan])
    """
    return np.where(variance > VARIANCE_FLOOR, variance, np.nan)


def measure_variance(prices: PriceLogs, proxy: str) -> FloatArray:
    """Return the daily variance of each bar by `proxy`, or by what the bar supports.

    Parameters
    ----------
    prices
        Log prices, (T, N).
    proxy
        A key of `volcast.features.variance.PROXIES`.

    Returns
    -------
    (T, N) daily variances in squared log-return units; row t uses data to the close of t. NaN
    where the proxy is, and where neither range nor return is above the floor: such a bar is stale.
    """
    measured = PROXIES[proxy](prices)
    true_range = true_range_parkinson(prices)
    if proxy.startswith(WHOLE_DAY_PREFIX):
        measured = np.where(find_stale_opens(prices), true_range, measured)
    measured = np.where(measured <= VARIANCE_FLOOR, true_range, measured)
    has_no_range = prices.log_high_open == prices.log_low_open
    return mask_below_floor(np.where(has_no_range, close_to_close(prices), measured))


def measure_open_to_close(prices: PriceLogs) -> FloatArray:
    """Return the Parkinson variance of each bar, or what a ticker without ranges supports.

    A fund's net asset value has no range on any day: such bars are measured from close to close, so
    that features of the range exist for the ticker. A single bar without a range among others stays
    below the floor.

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) daily variances, NaN where not above the floor; row t uses data to the close of t.
    """
    known = np.isfinite(prices.log_high_open)
    has_range = prices.log_high_open != prices.log_low_open
    share = window_mean(np.where(known, has_range, np.nan), YEAR, min_valid=1)
    without_ranges = ~has_range & (share < LEAST_SHARE_OF_RANGES)
    return mask_below_floor(np.where(without_ranges, close_to_close(prices), parkinson(prices)))


def find_stale_opens(prices: PriceLogs) -> BoolArray:
    """Return where a ticker's opens are not prices of the open, but of the close before.

    Its mean absolute overnight return over the last year is below `STALE_OPEN_SHARE` of its mean
    absolute return.

    Parameters
    ----------
    prices
        Log prices, (T, N).

    Returns
    -------
    (T, N) flags; row t uses data to the close of t. False until a month is known.
    """
    overnight, daily = (
        window_mean(np.minimum(np.abs(move), LARGEST_MOVE), YEAR, min_valid=MONTH)
        for move in (prices.overnight_return, prices.log_return)
    )
    return np.asarray(overnight < STALE_OPEN_SHARE * daily)
