"""What the quality rules did with the rows, in one line, and which bars are held back."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.quality.check import Checked
from volcast.pipeline.data.quality.rules import HOLD, REJECT
from volcast.pipeline.text import format_count

MASK = "mask volume"
CLOSED = "unknown_session"
SHOWN = 3  # tickers with rejected rows


def format_actions(quality: pd.DataFrame) -> str:
    """Return in one line how many rows were rejected, masked, held, or on closed sessions.

    Parameters
    ----------
    quality
        The quality table of docs/tables.md.

    Examples
    --------
    >>> columns = ["ticker", "rule", "action", "rows", "note"]
    >>> rows = [("AAPL", "returning_price", REJECT, 2, "the price leaves its level and comes back")]
    >>> format_actions(pd.DataFrame(rows, columns=columns))
    '2 rows rejected (AAPL 2: the price leaves its level and comes back), 0 volumes masked, \
0 bars held, 0 days on closed sessions'
    """
    rejected = quality[quality["action"] == REJECT].sort_values(
        ["rows", "ticker"], ascending=[False, True], kind="stable"
    )
    shown = [f"{row.ticker} {row.rows}: {row.note}" for row in rejected.head(SHOWN).itertuples()]
    more = len(rejected) - len(shown)
    shown += [f"{more} more in the quality table"] if more > 0 else []
    parts = [
        format_count(int(rejected["rows"].sum()), "row")
        + " rejected"
        + (f" ({'; '.join(shown)})" if shown else ""),
        format_count(_count_rows(quality, "action", MASK), "volume") + " masked",
        format_count(_count_rows(quality, "action", HOLD), "bar") + " held",
        format_count(_count_rows(quality, "rule", CLOSED), "day") + " on closed sessions",
    ]
    return ", ".join(parts)


def find_held_bars(checked: Checked, calendars: Mapping[str, str]) -> dict[str, pd.Timestamp]:
    """Return the newest session of each ticker from whose bar nothing can be forecast.

    The bar is held back, or it has no return because the row of the session before it was rejected.
    `calendars` is ticker to calendar name.

    Examples
    --------
    >>> day = pd.to_datetime("2024-01-05")
    >>> quality = pd.DataFrame({"ticker": ["A"], "action": [HOLD], "last_session": [day]})
    >>> bars = pd.DataFrame({"ticker": ["A"], "session": [pd.to_datetime("2024-01-04")]})
    >>> find_held_bars(Checked(bars, quality, {}), {"A": "XNYS"})
    {'A': Timestamp('2024-01-05 00:00:00')}
    """
    quality, bars = checked.quality, checked.bars
    held = quality[quality["action"] == HOLD]
    found = dict(zip(held["ticker"], held["last_session"], strict=True))
    rejected = quality[quality["action"] == REJECT].groupby("ticker")["last_session"].max()
    for ticker, own in bars[bars["ticker"].isin(rejected.index)].groupby("ticker")["session"]:
        last_two = own.to_numpy()[-2:]
        between = last_two[0] < rejected[ticker].to_datetime64() < last_two[-1]
        calendar = calendars[str(ticker)]
        if between and len(sessions_between(calendar, rejected[ticker], rejected[ticker])):
            found.setdefault(str(ticker), pd.Timestamp(last_two[-1]))
    return found


def _count_rows(quality: pd.DataFrame, column: str, value: str) -> int:
    return int(quality.loc[quality[column] == value, "rows"].sum())
