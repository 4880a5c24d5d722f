"""Tables without a header, such as MetaTrader 4, Binance and Kraken write: names for their columns.

The prices themselves say which is which: in every row the second of four numbers is the highest and
the third the lowest, and from row to row the first is close to the last of the session before, much
closer than the last is to the first of the session before.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from volcast.pipeline.data.tables.dates import parse_moments
from volcast.pipeline.errors import DataError

NAMES = ("open", "high", "low", "close")
LEAST_PAIRS = 9  # of neighbouring sessions
CLOSER = 0.7  # opens to the closes before, relative to closes and the opens before
TIME_LIKE = re.compile(r"^\d{1,2}:\d{2}(:\d{2})?$|^\d{6}$")
NUMBER = re.compile(r"^-?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?$")
PERIOD_LIKE = re.compile(r"^(D|1D|daily)$", re.IGNORECASE)
Floats = NDArray[np.float64]


def name_columns(rows: Sequence[Sequence[str]], dates: Sequence[int]) -> tuple[str, ...]:
    """Return names for the columns of rows without a header; empty if they are not certain.

    Parameters
    ----------
    rows
        The first rows, all of the same width.
    dates
        The positions of cells that look like dates in every row.

    Examples
    --------
    >>> closes = [10.0, 12.0, 11.0, 14.0, 13.0, 12.0, 15.0, 14.0, 12.0, 11.0, 13.0]
    >>> pairs = zip(closes, closes[1:], strict=False)
    >>> bars = [[str(o), "16", "9", str(c), "700"] for o, c in pairs]
    >>> rows = [[f"202401{9 + n:02}", *bar] for n, bar in enumerate(bars)]
    >>> name_columns(rows, [0])
    ('date', 'open', 'high', 'low', 'close', 'volume')
    """
    if not dates or dates[0] > 2:
        return ()
    date, width = dates[0], len(rows[0])
    before = _name_words([[row[n] for row in rows] for n in range(date)])
    first = date + 1
    has_time = first < width and all(TIME_LIKE.match(row[first]) for row in rows)
    first += has_time
    if before is None or width < first + len(NAMES):
        return ()
    numbers = _read_numbers([row[first:] for row in rows])
    if numbers is None or not _are_bars(numbers, rows, date):
        return ()
    volume = _name_volume(numbers)
    if volume is None:
        return ()
    named = (*before, "date", *(("time",) if has_time else ()), *NAMES, *volume)
    return (*named, *[""] * (width - len(named)))


def _name_words(columns: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """Return names for what stands before the dates: a ticker, a period; None if it is neither."""
    if any(NUMBER.match(cell) for cells in columns for cell in cells):
        return None
    if not columns:
        return ()
    periods = [all(PERIOD_LIKE.match(cell) for cell in cells) for cells in columns[1:]]
    return ("ticker", *["period"] * len(periods)) if all(periods) else None


def _read_numbers(cells: Sequence[Sequence[str]]) -> Floats | None:
    """Return the columns of numbers up to the first that has another cell; None if under four."""
    width = len(cells[0])
    plain = [all(NUMBER.match(row[n]) for row in cells) for n in range(width)]
    count = plain.index(False) if False in plain else width
    if count < len(NAMES):
        return None
    return np.array([[float(cell.replace(",", ".")) for cell in row[:count]] for row in cells])


def _are_bars(numbers: Floats, rows: Sequence[Sequence[str]], date: int) -> bool:
    """Return whether the first four numbers are open, high, low and close, in this order."""
    prices = numbers[:, : len(NAMES)]
    if not (prices > 0).all():
        return False
    days = _find_days(rows, date)
    if days is None:
        return False
    tickers = np.array([row[0] if date else "" for row in rows])
    order = np.lexsort((days, tickers))
    tickers = tickers[order]
    logs = np.log(prices)[order]
    opened, high, low, close = logs.T
    ordered = (high >= np.maximum(opened, close)) & (low <= np.minimum(opened, close))
    same = tickers[1:] == tickers[:-1]
    if not ordered.all() or same.sum() < LEAST_PAIRS:
        return False
    forward = np.abs(opened[1:] - close[:-1])[same].sum()
    backward = np.abs(close[1:] - opened[:-1])[same].sum()
    return bool(forward < CLOSER * backward)


def _find_days(rows: Sequence[Sequence[str]], date: int) -> NDArray[np.int64] | None:
    """Return the dates of rows in an order; None if day and month can be exchanged."""
    try:
        moments = parse_moments(pa.array([row[date] for row in rows]), "", Path())
    except DataError:
        return None
    return moments.written.astype(np.int64)


def _name_volume(numbers: Floats) -> tuple[str, ...] | None:
    """Return the name of the fifth number: the volume; None if it may be a price."""
    if numbers.shape[1] == len(NAMES):
        return ()
    ratio = numbers[:, len(NAMES)] / numbers[:, len(NAMES) - 1]
    return None if ((ratio > 0.2) & (ratio < 5)).mean() > 0.5 else ("volume",)
