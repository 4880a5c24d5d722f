"""Tiingo's rows as final bars: column names, types, and adjustment for splits."""

from types import MappingProxyType
from typing import Any

import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.bar_table import to_bar_table
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.errors import DataError

COLUMN_NAMES = MappingProxyType(
    {
        "date": "session",
        "open": "open",
        "high": "high",
        "low": "low",
        "close": "close",
        "volume": "volume",
        "adjClose": "adj_close",
        "splitFactor": "split",
    }
)
SHOWN = 200  # characters of an error or an answer in a message


def parse_rows(answer: Any, ticker: str) -> pd.DataFrame:
    """Return the rows of Tiingo's answer, renamed and typed.

    Parameters
    ----------
    answer
        The JSON of the answer.
    ticker
        The requested ticker.

    Returns
    -------
    The columns of `COLUMN_NAMES`, and ticker; one row per session, prices not adjusted for splits.

    Raises
    ------
    DataError
        When the answer is an error message, empty, or not in the known format.
    """
    if not isinstance(answer, list):
        detail = answer.get("detail", answer) if isinstance(answer, dict) else answer
        raise DataError(f"Tiingo answered: {' '.join(str(detail).split())[:SHOWN]}")
    if not answer:
        raise DataError("Tiingo has no bars in this range; choose a longer one")
    rows = pd.DataFrame([row if isinstance(row, dict) else {} for row in answer])
    missing = [name for name in COLUMN_NAMES if name not in rows]
    if missing:
        raise DataError(f"Tiingo's rows lack {', '.join(missing)}; its format may have changed")
    table = rows[list(COLUMN_NAMES)].rename(columns=COLUMN_NAMES)
    try:
        numbers = table.drop(columns="session").astype("float64")
        sessions = pd.to_datetime(table["session"].str[:10], format="%Y-%m-%d")
        if sessions.isna().any():
            raise ValueError("a row has no date")
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        first = str(error).splitlines()[0][:SHOWN]
        raise DataError(f"Tiingo's rows cannot be read ({first}); try again later") from error
    return numbers.assign(session=sessions, ticker=ticker)


def adjust_final_bars(table: pd.DataFrame, request: Request) -> pd.DataFrame:
    """Return the settled bars of a ticker, adjusted for the splits after each session.

    Parameters
    ----------
    table
        As `parse_rows` returns it.
    request
        A bar whose session is not settled at its ``now`` is left out.

    Raises
    ------
    DataError
        When no session is settled.
    """
    table = table.sort_values("session", kind="stable")
    # A split takes effect on its own day: the days before it are divided by all later splits.
    factor = table["split"].where(table["split"] > 0, 1.0).fillna(1.0)
    later = factor[::-1].cumprod()[::-1] / factor
    prices = table[["open", "high", "low", "close"]].div(later, axis=0)
    bars = to_bar_table(table.assign(**prices, volume=table["volume"] * later))
    ticker = str(bars["ticker"].iloc[0])
    final = bars["session"] <= last_settled_session(find_calendar(ticker), request.now)
    if not final.any():
        raise DataError(
            f"no session in this range is closed and settled at {request.now:%Y-%m-%d %H:%M %Z}; "
            "choose an earlier start"
        )
    return bars[final]
