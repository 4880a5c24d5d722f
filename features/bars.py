"""The grid of one exchange: price bars of several tickers on one calendar of sessions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import bottleneck as bn
import numpy as np
import pandas as pd

from volcast.features._typing import BoolArray, FloatArray
from volcast.features.bar_checks import GRIDS, check_axes, check_cells, check_values
from volcast.features.exogenous_series import ExogenousSeries
from volcast.features.known_reports import KnownReports
from volcast.features.level import estimate_level_factor
from volcast.features.measure import mask_below_floor, measure_variance
from volcast.features.windows import is_mostly_valid, lag_rows, window_mean

MONTH, QUARTER, YEAR = 22, 66, 250  # sessions
MIN_TICKERS = 2  # one ticker is not a market

FRAME_COLUMNS = {"realized": "variance"}  # where docs/tables.md names a column otherwise


@dataclasses.dataclass(frozen=True, eq=False)
class Bars:
    """Bars of N tickers over T sessions of one exchange.

    Parameters
    ----------
    sessions
        (T,) dates, midnight without timezone, strictly increasing.
    tickers
        N names.
    open, high, low, close, adj_close
        (T, N) prices, above 0; `adj_close` is adjusted for dividends too. NaN: no bar.
    volume
        (T, N), NaN where masked.
    realized
        (T, N) realised daily variance from the source itself, NaN where it has none.
    days_since_previous, days_to_next
        (T,) calendar days to the previous session of the exchange, and to the next one as it was
        planned at the close of t: the calendar is known in advance, so `days_to_next` uses no data.
    proxy
        Variance proxy, a key of `volcast.features.variance.PROXIES`.
    realized_used
        (N,) True for the tickers whose variance is `realized`; by default those with any finite
        value. `until` passes it on, because which measure a ticker has is a fact about its source
        and must not change with the day at which the data are cut.
    reports
        The known earnings reports; None if there is no source of them.
    series
        The exogenous series by name.

    Raises
    ------
    ValueError
        If shapes do not fit, sessions are not in order, a price is not above 0, a number is
        infinite, or the proxy is unknown.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {
    ...         "ticker": "A",
    ...         "session": pd.to_datetime(["2024-01-04", "2024-01-05"]),
    ...         "open": [100.0, 102.0],
    ...         "high": [101.0, 105.0],
    ...         "low": [99.0, 101.0],
    ...         "close": [100.0, 104.0],
    ...         "adj_close": [100.0, 104.0],
    ...         "volume": [1000.0, 1200.0],
    ...         "variance": np.nan,
    ...     }
    ... )
    >>> sessions = pd.DatetimeIndex(frame["session"])
    >>> bars = Bars.from_frame(frame, sessions, np.array([1.0, 1.0]), np.array([1.0, 3.0]))
    >>> bars.log_return.ravel().round(4)
    array([   nan, 0.0392])
    >>> bars.variance.ravel().round(6)
    array([     nan, 0.000958])
    """

    sessions: pd.DatetimeIndex
    tickers: tuple[str, ...]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    adj_close: FloatArray
    volume: FloatArray
    realized: FloatArray
    days_since_previous: FloatArray
    days_to_next: FloatArray
    proxy: str = "overnight_rogers_satchell"
    realized_used: BoolArray | None = None
    reports: KnownReports | None = None
    series: Mapping[str, ExogenousSeries] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        check_axes(self)
        for name in GRIDS:
            check_values(self, name)
            # Windows run along a ticker: they are four times as fast if its numbers are contiguous.
            object.__setattr__(self, name, np.asfortranarray(getattr(self, name)))

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        sessions: pd.DatetimeIndex,
        days_since_previous: FloatArray,
        days_to_next: FloatArray,
        proxy: str = "overnight_rogers_satchell",
    ) -> Bars:
        """Build the grid from a long frame of bars.

        Parameters
        ----------
        frame
            One row per ticker and session, with the columns of ``bars`` in docs/tables.md, in any
            order.
        sessions, days_since_previous, days_to_next, proxy
            See `Bars`.

        Returns
        -------
        The grid, tickers in order of appearance; sessions without a bar are NaN.

        Raises
        ------
        ValueError
            If a column is missing, a bar lies outside `sessions`, a ticker has two bars in one
            session, or a value is not allowed.
        """
        columns = [FRAME_COLUMNS.get(name, name) for name in GRIDS]
        missing = [c for c in ("ticker", "session", *columns) if c not in frame]
        if missing:
            raise ValueError(f"the bars frame lacks {missing}; docs/tables.md lists its columns")
        column, names = pd.factorize(frame["ticker"])
        row = sessions.get_indexer(pd.DatetimeIndex(frame["session"]))
        cell = len(sessions) * column + row  # position in a flat array, one ticker after another
        check_cells(frame, row, cell)
        grids: dict[str, Any] = {}
        for name, source in zip(GRIDS, columns, strict=True):
            values = np.full(len(sessions) * len(names), np.nan)
            values[cell] = frame[source].to_numpy(np.float64)
            grids[name] = values.reshape(len(names), len(sessions)).T
        return cls(
            sessions=sessions,
            tickers=tuple(map(str, names)),
            days_since_previous=days_since_previous,
            days_to_next=days_to_next,
            proxy=proxy,
            **grids,
        )

    def until(self, t: int) -> Bars:
        """Return rows 0 .. t, which are what was known at the close of session t."""
        by_row = ("sessions", *GRIDS, "days_since_previous", "days_to_next")
        known = {name: getattr(self, name)[: t + 1] for name in by_row}
        known["reports"] = None if self.reports is None else self.reports.until(t)
        known["series"] = {name: series.until(t) for name, series in self.series.items()}
        return dataclasses.replace(self, **known, realized_used=self.uses_realized)

    def average_market(self, name: str) -> FloatArray:
        """Return the mean of a grid over the tickers in the market, (T, 1).

        It is NaN where fewer than `MIN_TICKERS` are valid. `name` is that of a (T, N) attribute.
        """
        if name not in self._market_means:
            x = np.where(self.in_market, getattr(self, name), np.nan)
            valid = np.isfinite(x).sum(axis=1)
            mean: FloatArray = bn.nanmean(x, axis=1)
            self._market_means[name] = np.where(valid >= MIN_TICKERS, mean, np.nan)[:, None]
        return self._market_means[name]

    @cached_property
    def _market_means(self) -> dict[str, FloatArray]:
        return {}

    @cached_property
    def uses_realized(self) -> BoolArray:
        """(N,) True for the tickers whose variance is `realized`."""
        if self.realized_used is not None:
            return self.realized_used
        return np.asarray(np.isfinite(self.realized).any(axis=0))

    @cached_property
    def log_return(self) -> FloatArray:
        """(T, N) log(adj_close_t / adj_close_{t-1}); NaN where either session has no bar."""
        return np.log(self.adj_close / lag_rows(self.adj_close, 1))

    @cached_property
    def overnight_return(self) -> FloatArray:
        """(T, N) log(open_t / close_{t-1}), both scaled by their session's adj_close / close.

        The scaling keeps a dividend or a split from counting as a price move. NaN where either
        session has no bar.
        """
        adjusted_open = self.open * (self.adj_close / self.close)
        return np.log(adjusted_open / lag_rows(self.adj_close, 1))

    @cached_property
    def log_high_open(self) -> FloatArray:
        """(T, N) log(high / open)."""
        return np.log(self.high / self.open)

    @cached_property
    def log_low_open(self) -> FloatArray:
        """(T, N) log(low / open)."""
        return np.log(self.low / self.open)

    @cached_property
    def log_close_open(self) -> FloatArray:
        """(T, N) log(close / open)."""
        return np.log(self.close / self.open)

    @cached_property
    def variance(self) -> FloatArray:
        """(T, N) daily variance by `proxy` or `realized`; NaN where not above the floor."""
        if self.uses_realized.all():
            return mask_below_floor(self.realized)
        measured = measure_variance(self, self.proxy)
        return np.where(self.uses_realized, mask_below_floor(self.realized), measured)

    @cached_property
    def level_factor(self) -> FloatArray:
        """(T, N) factor from `variance` to the level of close-to-close returns."""
        kinds, pooled = self.uses_realized, self.in_market
        return estimate_level_factor(self.variance, self.log_return, kinds, pooled)

    @cached_property
    def in_market(self) -> BoolArray:
        """(T, N) whether a ticker counts in means over the tickers of the exchange.

        It does with bars in 60 % of the last 250 sessions, or of those since the grid begins: a new
        listing among others changes nothing for them.
        """
        return is_mostly_valid(self.close, YEAR)

    @cached_property
    def log_variance(self) -> FloatArray:
        """(T, N) log of `variance`."""
        return np.log(self.variance)

    @cached_property
    def log_volume(self) -> FloatArray:
        """(T, N) log volume, NaN where it is not above 0."""
        return np.log(np.where(self.volume > 0, self.volume, np.nan))

    @cached_property
    def variance_surprise(self) -> FloatArray:
        """(T, N) log variance less its mean over the last 66 sessions."""
        return self.log_variance - window_mean(self.log_variance, QUARTER)

    @cached_property
    def volume_surprise(self) -> FloatArray:
        """(T, N) log volume less its mean over the last 66 sessions."""
        return self.log_volume - window_mean(self.log_volume, QUARTER)

    @cached_property
    def volatility_daily_22(self) -> FloatArray:
        """(T, N) daily volatility: square root of the 22-day mean variance, above 0."""
        return np.sqrt(window_mean(self.variance, MONTH))
