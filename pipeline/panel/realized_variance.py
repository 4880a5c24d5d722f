"""Realised variance into the bar table: the sessions' own and the nights between them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from volcast.features.realized import whole_day
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.contract.source import listed
from volcast.pipeline.errors import DataError


def with_realized(
    bars: pd.DataFrame, days: pd.DataFrame, calendars: dict[str, str], weighting: str
) -> pd.DataFrame:
    """Return checked bars with the variance of whole days from intraday bars.

    Parameters
    ----------
    bars
        As `check.check` leaves them. A ticker with a variance of its own keeps it.
    days
        Ticker, session and open-to-close variance (`IntradaySource.days`).
    calendars
        Ticker to calendar name.
    weighting
        Of the overnight return, see `volcast.features.realized.whole_day`.

    A session has a variance if its intraday bars gave one, and if it and the exchange's session
    before it have a daily bar, for the overnight return; else NaN.

    """
    by_ticker = {str(name): own for name, own in days.groupby("ticker")}
    parts = [
        _filled(own, by_ticker[str(name)], calendars[str(name)], weighting)
        if str(name) in by_ticker and own["variance"].isna().all()
        else own
        for name, own in bars.groupby("ticker", sort=False)
    ]
    return pd.concat(parts, ignore_index=True)


def realized_sentence(bars: pd.DataFrame, failures: Mapping[str, str]) -> str:
    """Return in one line which tickers have a realised variance, and why others do not.

    Raises
    ------
    DataError
        When no bar has one: then the forecasts would be of something else than was asked for.

    """
    known = bars["variance"].notna().groupby(bars["ticker"]).sum()
    measured, others = known[known > 0], known[known == 0]
    if measured.empty:
        raise DataError(
            "no session has a realised variance; it needs enough intraday bars, and daily bars of "
            f"that session and the one before; {listed(failures) or 'the dates do not meet'}"
        )
    rows = int(bars["ticker"].isin(measured.index).sum())
    told = (
        f"realised variance in {measured.sum():,} of {rows:,} sessions of {len(measured)} tickers"
    )
    without = {str(t): failures.get(str(t), "no intraday bars of its days") for t in others.index}
    return f"{told}; none of {listed(without)}" if without else told


def _filled(bars: pd.DataFrame, days: pd.DataFrame, calendar: str, weighting: str) -> pd.DataFrame:
    """Return one ticker's bars with its variances."""
    held = pd.DatetimeIndex(bars["session"])
    sessions = sessions_between(calendar, held[0], held[-1]).union(held)
    grid = bars.set_index("session").reindex(sessions)
    open_to_close = days.set_index("session")["variance"].reindex(sessions)
    variance = whole_day(open_to_close.to_numpy(), _overnight_return(grid).to_numpy(), weighting)
    return bars.assign(variance=pd.Series(variance, index=sessions).reindex(held).to_numpy())


def _overnight_return(grid: pd.DataFrame) -> pd.Series:
    """Return log(open_t / close_{t-1}) of one ticker, as `bars.Bars` adjusts it."""
    adjusted_open = grid["open"] * (grid["adj_close"] / grid["close"])
    return pd.Series(np.log(adjusted_open / grid["adj_close"].shift()))
