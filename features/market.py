"""Features of the cross-section: what all tickers of the exchange did, the same for each.

All are (T, N); row t uses data to the close of t. Only the tickers of one exchange enter, since
the same date at an exchange that closes later would be a look ahead. A session with fewer than
two valid tickers is NaN: one ticker is no market. All are optional.
"""

import bottleneck as bn
import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import VARIANCE_FLOOR, Bars
from volcast.features.registry import feature
from volcast.features.windows import window_mean, window_std

TICKERS_DEMANDED = 2
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
    """Log of the 1-, 5- or 22-day mean of the cross-section's geometric mean daily variance."""
    geometric_mean = np.exp(_cross_section_mean(bars.log_variance))
    return _for_every_ticker(bars, np.log(window_mean(geometric_mean, sessions)))


@feature("market", optional=True)
def market_surprise(bars: Bars) -> FloatArray:
    """Mean over the tickers of log daily variance less its own mean of the last 66 sessions."""
    return _for_every_ticker(bars, _cross_section_mean(bars.variance_surprise))


@feature("market", optional=True)
def relative_surprise(bars: Bars) -> FloatArray:
    """Surprise of the ticker (see `market_surprise`) less that of the market."""
    return bars.variance_surprise - _cross_section_mean(bars.variance_surprise)


@feature("market", optional=True)
def market_z(bars: Bars) -> FloatArray:
    """Mean log return of the tickers over its own 22-day standard deviation."""
    return _for_every_ticker(bars, _market_z(bars))


@feature("market", optional=True)
def market_z_negative(bars: Bars) -> FloatArray:
    """Negative part of `market_z`."""
    return _for_every_ticker(bars, np.minimum(_market_z(bars), 0.0))


def _market_z(bars: Bars) -> FloatArray:
    """(T, 1) standardised market return, NaN where the market stood still."""
    market_return = _cross_section_mean(bars.log_return)
    deviation = window_std(market_return, MONTH)
    return market_return / np.where(deviation > np.sqrt(VARIANCE_FLOOR), deviation, np.nan)


def _cross_section_mean(x: FloatArray) -> FloatArray:
    """(T, 1) mean over the valid tickers of each session, NaN where fewer than two are valid."""
    valid = np.isfinite(x).sum(axis=1)
    mean: FloatArray = bn.nanmean(x, axis=1)
    return np.where(valid >= TICKERS_DEMANDED, mean, np.nan)[:, None]


def _for_every_ticker(bars: Bars, column: FloatArray) -> FloatArray:
    """Repeat a (T, 1) column for the N tickers, without copying it."""
    return np.broadcast_to(column, bars.close.shape)
