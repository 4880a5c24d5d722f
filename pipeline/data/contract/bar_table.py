"""The bar table that every source returns: its columns, their types, and rows of a date range."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

PRICE_COLUMNS = ("open", "high", "low", "close", "adj_close")
NUMBER_COLUMNS = (*PRICE_COLUMNS, "volume", "variance")
BAR_COLUMNS = ("ticker", "session", *NUMBER_COLUMNS)


def to_bar_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame as a bar table: the columns `BAR_COLUMNS`, typed, sorted, the index 0 .. n-1.

    Sessions lose their time of day and their timezone (the date stays the local one). Rows of the
    same ticker and session keep their order. NaN is kept.

    Parameters
    ----------
    frame
        The columns ticker, session, open, high, low and close, and any of the others: a missing
        ``adj_close`` is filled with ``close``, a missing ``volume`` or ``variance`` with NaN.
        Further columns are dropped.

    Returns
    -------
    Ticker as str, session as datetime64[us], numbers as float64; sorted by ticker and session.

    Raises
    ------
    KeyError
        When a required column is missing.
    ValueError
        When a column does not hold numbers or dates.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.Timestamp("2024-01-02 16:00", tz="America/New_York")
    >>> prices = {"open": [1], "high": [3], "low": [1], "close": [2]}
    >>> bars = to_bar_table(pd.DataFrame({"ticker": "SPY", "session": [day], **prices}))
    >>> print(bars.to_string(index=False))
    ticker    session  open  high  low  close  adj_close  volume  variance
       SPY 2024-01-02   1.0   3.0  1.0    2.0        2.0     NaN       NaN
    """
    fallback = {"adj_close": frame["close"], "volume": float("nan"), "variance": float("nan")}
    missing: dict[str, Any] = {name: value for name, value in fallback.items() if name not in frame}
    bars = frame.assign(**missing)[list(BAR_COLUMNS)]
    local = pd.DatetimeIndex(bars["session"]).tz_localize(None).normalize()
    types = dict.fromkeys(NUMBER_COLUMNS, "float64") | {"ticker": "str"}
    bars = bars.assign(session=local.as_unit("us")).astype(types)
    if _is_sorted(bars):
        return bars.reset_index(drop=True)
    return bars.sort_values(["ticker", "session"], kind="stable", ignore_index=True)


def _is_sorted(bars: pd.DataFrame) -> bool:
    """Return whether rows are sorted by ticker and session, as those of most files are."""
    codes, names = pd.factorize(bars["ticker"])
    steps = np.diff(codes)
    if not pd.Index(names).is_monotonic_increasing or (steps < 0).any():
        return False
    later = np.diff(bars["session"].to_numpy()) >= np.timedelta64(0, "us")
    return bool((later | (steps > 0)).all())


def select_sessions(bars: pd.DataFrame, start: dt.date | None, end: dt.date | None) -> pd.DataFrame:
    """Return the rows whose session lies between two dates, both inclusive.

    Parameters
    ----------
    bars
        Any frame with a column ``session``.
    start, end
        First and last session; None leaves that side open.

    Returns
    -------
    The rows in their order, with their index.

    Examples
    --------
    >>> import datetime as dt
    >>> bars = pd.DataFrame({"session": pd.to_datetime(["2024-01-02", "2024-01-03"])})
    >>> len(select_sessions(bars, dt.date(2024, 1, 3), None))
    1
    """
    if start is None and end is None:
        return bars
    selected = pd.Series(True, index=bars.index)
    if start is not None:
        selected &= bars["session"] >= pd.Timestamp(start)
    if end is not None:
        selected &= bars["session"] <= pd.Timestamp(end)
    return bars[selected]
