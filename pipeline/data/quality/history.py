"""The adjusted log prices of many tickers row by row, and what is usual before a row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]
Float = NDArray[np.float64]

PRICES = ("open", "high", "low", "close")
USUAL_ROWS = 60  # before a row, from which its usual move, range and volume are computed
MIN_RETURNS = 10  # of these rows; of fewer, nothing is usual
UPPER_QUARTILE = 1.1503  # of |x| for a standard normal x
MIN_MARKET = 5  # tickers with a bar on a session, from which the range of the market is computed
MARKET_SESSIONS = 20  # before a session, with which its range of the market is compared


@dataclass(frozen=True, eq=False)
class History:
    """Adjusted log prices of many tickers, row by row.

    Each price is multiplied by adj_close / close before its log is taken: returns and variances
    are computed from these, so that a recorded split or dividend is no move.

    Parameters
    ----------
    open, high, low, close
        (n,) logs, sorted by ticker and session.
    factor
        (n,) log(adj_close / close).
    volume
        (n,) NaN where there is none.
    ticker, session
        (n,) integer codes.
    """

    open: Float
    high: Float
    low: Float
    close: Float
    factor: Float
    volume: Float
    ticker: Rows
    session: Rows

    @classmethod
    def from_bars(cls, bars: pd.DataFrame) -> History:
        """Build it from a bar table sorted by ticker and session whose prices are above 0."""
        factor = np.log(bars["adj_close"].to_numpy()) - np.log(bars["close"].to_numpy())
        volume = bars["volume"].to_numpy()
        opened, high, low, close = (np.log(bars[name].to_numpy()) + factor for name in PRICES)
        return cls(
            open=opened,
            high=high,
            low=low,
            close=close,
            factor=factor,
            volume=np.where(volume > 0, volume, np.nan),
            ticker=pd.factorize(bars["ticker"])[0],
            session=pd.factorize(bars["session"], sort=True)[0],
        )

    def shift(self, values: Float, rows: int) -> Float:
        """Return the value `rows` rows later of the same ticker, for every row; else NaN.

        A negative number looks back.
        """
        result = np.full(len(values), np.nan)
        here, there = slice(None, -rows), slice(rows, None)
        if rows < 0:
            here, there = slice(-rows, None), slice(None, rows)
        same = self.ticker[here] == self.ticker[there]
        result[here] = np.where(same, values[there], np.nan)
        return result

    def window(self, values: Float, rows: Rows, offsets: range) -> Float:
        """Return the values at `offsets` from some rows, (rows, offsets); NaN at other tickers."""
        places = rows[:, None] + np.array(offsets)
        inside = (places >= 0) & (places < len(values))
        places = np.where(inside, places, rows[:, None])
        inside &= self.ticker[places] == self.ticker[rows][:, None]
        return np.where(inside, values[places], np.nan)

    @cached_property
    def previous_close(self) -> Float:
        """(n,) the close of the row before."""
        return self.shift(self.close, -1)

    @cached_property
    def log_return(self) -> Float:
        """(n,) the close less the close of the row before."""
        return self.close - self.previous_close

    @cached_property
    def market_activity(self) -> Float:
        """(n,) the median range of all tickers on the session, over its median before.

        1 where fewer than `MIN_MARKET` tickers have a bar.
        """
        by_session = pd.Series(self.high - self.low).groupby(self.session)
        ranges = by_session.median().where(by_session.size() >= MIN_MARKET)
        before = ranges.rolling(MARKET_SESSIONS, min_periods=MARKET_SESSIONS // 2).median().shift()
        activity = (ranges / before.where(before > 0)).fillna(1.0)
        return np.asarray(activity.to_numpy()[self.session])

    def usual_move(self, rows: Rows) -> Float:
        """Return the usual daily move before some rows.

        The upper quartile of the absolute log returns of the last `USUAL_ROWS` rows, scaled to the
        standard deviation of normal returns: a quarter of them may be wrong. NaN if fewer than
        `MIN_RETURNS` are known, or if it is 0: a price that hardly ever moves has no usual move.
        """
        returns = np.abs(self.window(self.log_return, rows, range(-USUAL_ROWS, 0)))
        known = np.isfinite(returns).sum(axis=1)
        usual = find_quantile(returns, 0.75) / UPPER_QUARTILE
        return np.where((known >= MIN_RETURNS) & (usual > 0), usual, np.nan)

    def usual_range(self, rows: Rows) -> Float:
        """Return the median of high less low before some rows; NaN if there is none."""
        return find_quantile(self.window(self.high - self.low, rows, range(-USUAL_ROWS, 0)), 0.5)

    def volume_surge(self, rows: Rows) -> Float:
        """Return volume over its median before, or turnover over its own if that is less.

        A split or another unit changes one of the two only; news raise both. NaN without volume.
        """
        before = range(-USUAL_ROWS, 0)
        log_volume = np.log(self.volume)
        surges = [
            values[rows] - find_quantile(self.window(values, rows, before), 0.5)
            for values in (log_volume, log_volume + self.close)
        ]
        with np.errstate(over="ignore"):
            return np.exp(np.fmin(*surges))


def find_quantile(values: Float, share: float) -> Float:
    """Return a quantile of the known values of each row of a matrix; NaN for rows without any.

    It is one of the values, without interpolation.

    Examples
    --------
    >>> find_quantile(np.array([[3.0, np.nan, 1.0, 2.0], [np.nan] * 4]), 0.5)
    array([ 2., nan])
    """
    ordered = np.sort(values, axis=1)  # NaN last
    known = np.isfinite(values).sum(axis=1)
    place = np.round(share * np.maximum(known - 1, 0)).astype(np.intp)
    return np.take_along_axis(ordered, place[:, None], axis=1)[:, 0]
