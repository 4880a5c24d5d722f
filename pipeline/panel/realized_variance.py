"""The realised variance of complete days in the bar table: the session and the night before it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from volcast.features.whole_day import whole_day_variance
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.contract.source import format_failures
from volcast.pipeline.errors import DataError


def add_realized_variance(
    bars: pd.DataFrame, days: pd.DataFrame, calendars: dict[str, str], weighting: str
) -> pd.DataFrame:
    """Return checked bars with the variance of complete days from intraday bars.

    A session has a variance if its intraday bars have one, and if it and the exchange's session
    before it have a daily bar, for the overnight return; else NaN.

    Parameters
    ----------
    bars
        As `quality.check.check_bars` returns them. A ticker with a variance of its own keeps it.
    days
        Ticker, session and open-to-close variance (`IntradaySource.days`).
    calendars
        Ticker to calendar name.
    weighting
        Of the overnight return; see `volcast.features.whole_day.whole_day_variance`.
    """
    by_ticker = {str(name): own for name, own in days.groupby("ticker")}
    parts = [
        _fill_variance(own, by_ticker[str(name)], calendars[str(name)], weighting)
        if str(name) in by_ticker and own["variance"].isna().all()
        else own
        for name, own in bars.groupby("ticker", sort=False)
    ]
    return pd.concat(parts, ignore_index=True)


def format_realized_summary(bars: pd.DataFrame, failures: Mapping[str, str]) -> str:
    """Return in one line which tickers have a realised variance, and why others do not.

    Raises
    ------
    DataError
        When no bar has one: the forecasts would be of something else than the settings ask for.
    """
    known = bars["variance"].notna().groupby(bars["ticker"]).sum()
    measured, others = known[known > 0], known[known == 0]
    if measured.empty:
        raise DataError(
            "no session has a realised variance; it needs enough intraday bars, and daily bars of "
            "that session and the one before; "
            f"{format_failures(failures) or 'the dates of the two do not overlap'}"
        )
    rows = int(bars["ticker"].isin(measured.index).sum())
    summary = (
        f"realised variance in {measured.sum():,} of {rows:,} sessions of {len(measured)} tickers"
    )
    without = {
        str(t): failures.get(str(t), "no intraday bars on its sessions") for t in others.index
    }
    return f"{summary}; none of {format_failures(without)}" if without else summary


def _fill_variance(
    bars: pd.DataFrame, days: pd.DataFrame, calendar: str, weighting: str
) -> pd.DataFrame:
    """Return the bars of one ticker with its variances."""
    dates = pd.DatetimeIndex(bars["session"])
    sessions = sessions_between(calendar, dates[0], dates[-1]).union(dates)
    grid = bars.set_index("session").reindex(sessions)
    open_to_close = days.set_index("session")["variance"].reindex(sessions)
    variance = whole_day_variance(
        open_to_close.to_numpy(), _overnight_return(grid).to_numpy(), weighting
    )
    return bars.assign(variance=pd.Series(variance, index=sessions).reindex(dates).to_numpy())


def _overnight_return(grid: pd.DataFrame) -> pd.Series:
    """Return log(open_t / close_{t-1}) of one ticker, as `bars.Bars` adjusts it."""
    adjusted_open = grid["open"] * (grid["adj_close"] / grid["close"])
    return pd.Series(np.log(adjusted_open / grid["adj_close"].shift()))
