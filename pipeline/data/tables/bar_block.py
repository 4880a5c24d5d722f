"""Bars of one ticker or of several, as arrays: what a file holds before it becomes a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS, NUMBER_COLUMNS
from volcast.pipeline.data.tables.dates import Moments
from volcast.pipeline.errors import DataError

LEAST_ROWS = 10  # of a ticker, to tell how far its bars are apart
LONGEST_GAP = 5  # days, median, of daily bars with all their holidays
MOST_REPEATED = 0.05  # of the sessions of a ticker, with several rows of other closes each
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class BarBlock:
    """Some bars.

    Parameters
    ----------
    tickers
        The ticker of all rows, or of each.
    sessions
        (n,) datetime64[us] at midnight.
    moments
        The times that the sessions were found from.
    columns
        Name to (n,) numbers, of `NUMBER_COLUMNS`; open, high, low and close are always there.
    """

    tickers: str | NDArray[np.object_]
    sessions: NDArray[np.datetime64]
    moments: Moments
    columns: dict[str, NDArray[np.float64]]

    @property
    def without_range(self) -> bool:
        """Whether the high is the low in every bar, as of a fund's net asset value."""
        return np.array_equal(self.columns["high"], self.columns["low"], equal_nan=True)


def join_blocks(blocks: Sequence[BarBlock]) -> pd.DataFrame:
    """Return blocks as one table with the columns `BAR_COLUMNS`, in the order of the blocks.

    A missing ``adj_close`` is the close, a missing volume or variance NaN.
    """
    sizes = [len(block.sessions) for block in blocks]
    ends = np.cumsum(sizes)
    numbers = np.full((len(NUMBER_COLUMNS), int(ends[-1])), np.nan)
    for block, size, end in zip(blocks, sizes, ends, strict=True):
        for row, name in enumerate(NUMBER_COLUMNS):
            source = "close" if name == "adj_close" and name not in block.columns else name
            if source in block.columns:
                numbers[row, end - size : end] = block.columns[source]
    table = pd.DataFrame(numbers.T, columns=pd.Index(NUMBER_COLUMNS), copy=False)
    table.insert(0, "session", np.concatenate([block.sessions for block in blocks]))
    table.insert(0, "ticker", _join_tickers(blocks, sizes))
    return table[list(BAR_COLUMNS)]


def _join_tickers(blocks: Sequence[BarBlock], sizes: Sequence[int]) -> pd.Series:
    parts = [
        pa.DictionaryArray.from_arrays(np.zeros(size, np.int32), [block.tickers]).cast(pa.string())
        if isinstance(block.tickers, str)
        else pa.array(block.tickers, pa.string())
        for block, size in zip(blocks, sizes, strict=True)
    ]
    joined = pa.chunked_array(parts).combine_chunks()
    return pd.Series(joined.to_pandas(strings_to_categorical=False)).astype("str")


def count_bars(blocks: Sequence[BarBlock]) -> int:
    """Return the number of bars in all blocks."""
    return sum(len(block.sessions) for block in blocks)


def list_tickers(blocks: Sequence[BarBlock]) -> list[str]:
    """Return the tickers of all blocks in the order in which they occur."""
    found: dict[str, None] = {}
    for block in blocks:
        own = [block.tickers] if isinstance(block.tickers, str) else block.tickers.tolist()
        found |= dict.fromkeys(own)
    return list(found)


def check_spacing(blocks: Sequence[BarBlock], file: Path) -> None:
    """Raise ``DataError`` if bars are not daily: several a session, or a week apart."""
    for block in blocks:
        one_ticker = isinstance(block.tickers, str)
        _refuse_several(block, file)
        first = block.tickers if one_ticker else block.tickers[0]
        own = block.sessions if one_ticker else block.sessions[block.tickers == first]
        _refuse_weekly(own, str(first), file)


def _refuse_several(block: BarBlock, file: Path) -> None:
    """Raise ``DataError`` if many sessions of a ticker have several bars."""
    steps = np.diff(block.sessions).astype(np.int64)
    if (steps > 0).all() or (steps < 0).all():
        return
    bars = pd.DataFrame({"session": block.sessions, "ticker": block.tickers})
    if not bars.duplicated().any():
        return
    bars["time"] = block.moments.written - block.moments.written.astype("M8[D]")
    bars["close"] = block.columns["close"]
    counts = bars.drop_duplicates().groupby(["session", "ticker"], sort=False).size()
    if block.moments.has_times and len(counts) and counts.median() > 1:
        raise DataError(
            f"{file}: the bars are intraday: {counts.median():g} a session; volcast needs daily "
            "ones, or name 1- or 5-minute bars as data.intraday"
        )
    several = counts[counts > 1]
    if len(several) > max(1, MOST_REPEATED * len(counts)):
        session, ticker = several.index[0]
        raise DataError(
            f"{file}: {len(several):,} of {len(counts):,} sessions of {ticker} have several rows "
            f"with other closes, such as {session:%Y-%m-%d}; if they are of several tickers, name "
            "the column with these ticker; if the bars are intraday, name them as data.intraday"
        )


def _refuse_weekly(sessions: NDArray[np.datetime64], ticker: str, file: Path) -> None:
    if len(sessions) < LEAST_ROWS:
        return
    span = (sessions.max() - sessions.min()) / DAY
    if span <= LONGEST_GAP * len(sessions):
        return
    days = np.unique(sessions.astype("M8[D]"))
    if len(days) < LEAST_ROWS:
        return
    gap = float(np.median(np.diff(days) / DAY))
    if gap > LONGEST_GAP:
        raise DataError(
            f"{file}: the bars of {ticker} are {gap:g} days apart; volcast needs daily ones: "
            "export those"
        )
