"""Features of the cross-section: what the tickers of the exchange did together.

All are (T, N); row t uses data to the close of t. Only the tickers of one exchange are averaged,
since the same date at an exchange that closes later would be look-ahead; of these the tickers that
are `Bars.in_market`, so not in the first months after their listing. A session with fewer than two
valid tickers is NaN: one ticker is not a market. All are optional.
"""

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars
from volcast.features.measure import VARIANCE_FLOOR
from volcast.features.registry import feature
from volcast.features.windows import window_mean, window_std

MONTH = 22  # sessions


@feature(
    "market",
    optional=True,
    level=True,
    market_log_variance=1,
    market_log_variance_5=5,
    market_log_variance_22=22,
)
def market_log_variance(bars: Bars, sessions: int) -> FloatArray:
    """Log of the 1-, 5- or 22-day mean of the geometric mean of the tickers' daily variances.

    Parameters
    ----------
    bars
        Bars of one exchange.
    sessions
        Length of the window, session t included.

    Returns
    -------
    (T, N) logs of daily variances, equal for all tickers; NaN where fewer than 60 % of the window's
    sessions are valid.
    """
    geometric_mean = np.exp(bars.average_market("log_variance"))
    return _broadcast_to_tickers(bars, np.log(window_mean(geometric_mean, sessions)))


@feature("market", optional=True)
def market_surprise(bars: Bars) -> FloatArray:
    """Mean of the tickers' variance surprises: log daily variance less its 66-day mean.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) differences of logs, equal for all tickers.
    """
    return _broadcast_to_tickers(bars, bars.average_market("variance_surprise"))


@feature("market", optional=True)
def relative_surprise(bars: Bars) -> FloatArray:
    """Variance surprise of the ticker less that of the market.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) differences of logs; see `market_surprise`.
    """
    return bars.variance_surprise - bars.average_market("variance_surprise")


@feature("market", optional=True)
def market_z(bars: Bars) -> FloatArray:
    """Mean log return of the tickers over its own 22-day standard deviation.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N), equal for all tickers; NaN where that deviation is not above 0.01 % a day.
    """
    return _broadcast_to_tickers(bars, _standardise_market_return(bars))


@feature("market", optional=True)
def market_z_negative(bars: Bars) -> FloatArray:
    """Standardised return of the market (`market_z`) where negative, else 0.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N), equal for all tickers.
    """
    return _broadcast_to_tickers(bars, np.minimum(_standardise_market_return(bars), 0.0))


def _standardise_market_return(bars: Bars) -> FloatArray:
    """Return the standardised market return, (T, 1), NaN if the market does not move."""
    market_return = bars.average_market("log_return")
    deviation = window_std(market_return, MONTH)
    return market_return / np.where(deviation > np.sqrt(VARIANCE_FLOOR), deviation, np.nan)


def _broadcast_to_tickers(bars: Bars, column: FloatArray) -> FloatArray:
    """Repeat a (T, 1) column for the N tickers, without copying it."""
    return np.broadcast_to(column, bars.close.shape)
