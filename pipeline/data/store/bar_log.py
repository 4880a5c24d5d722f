"""The log of a ticker's bars: its columns, and which of its rows were known at a moment.

Rows are only ever added. The rows of one fetch share a ``vintage`` (0, 1, ...), the moment
``fetched_at`` and a ``basis``. A source that rescales its history (a split) starts a new basis,
which holds the full history again. Known is the last row of each session on the newest basis.
Prices are stored as served, ``adj_close`` too: if a later vintage finds that dividends have scaled
the past by ``factor``, rows of earlier vintages before its first session are scaled by it on
reading.
"""

import datetime as dt

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from volcast.pipeline.data.contract.bar_table import NUMBER_COLUMNS
from volcast.pipeline.data.contract.client import ACTION_COLUMNS

Columns = dict[str, NDArray[np.generic]]
Rows = NDArray[np.int64]

FORMAT = "1"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
VALUE_COLUMNS = (*NUMBER_COLUMNS, *ACTION_COLUMNS)
SCHEMA = pa.schema(
    [
        ("session", pa.date32()),
        *((name, pa.float64()) for name in VALUE_COLUMNS),
        ("change", pa.dictionary(pa.int8(), pa.string())),
        ("vintage", pa.int32()),
        ("basis", pa.int32()),
        ("factor", pa.float64()),
        ("fetched_at", pa.timestamp("us", tz="UTC")),
    ],
    metadata={"volcast.bars": FORMAT},
)
ORDER_COLUMNS = ("session", "vintage", "basis", "factor", "fetched_at")


def to_microseconds(moment: dt.datetime) -> int:
    """Return a moment, which has a timezone, as microseconds since 1970.

    Examples
    --------
    >>> to_microseconds(dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC))
    1000000
    """
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


def select_known_rows(log: Columns, ticker: Rows, as_of: dt.datetime | None = None) -> Rows:
    """Return which rows are known at ``as_of`` (now, if None), sorted by ticker and session.

    Parameters
    ----------
    log
        Equally long columns, at least `ORDER_COLUMNS`, in the order they were added.
    ticker
        The number of each row's ticker, from 0, ascending.
    as_of
        With a timezone; rows fetched later are not known.

    Returns
    -------
    Row numbers of the log.
    """
    rows: Rows = np.arange(len(ticker))
    if as_of is not None:
        rows = rows[log["fetched_at"].view("int64") <= to_microseconds(as_of)]
    newest = np.zeros(int(ticker[-1]) + 1 if len(ticker) else 0, dtype=log["basis"].dtype)
    np.maximum.at(newest, ticker[rows], log["basis"][rows])
    rows = rows[log["basis"][rows] == newest[ticker[rows]]]
    key = (ticker[rows] << 32) + _days(log, rows)
    if (np.diff(key) <= 0).any():  # a ticker fetched once is in order as it is
        order = np.argsort(key, kind="stable")
        key, rows = key[order], rows[order]
        last = np.append(key[1:] != key[:-1], True)
        rows = rows[last]
    return rows


def compute_adjusted_close(
    log: Columns, ticker: Rows, rows: Rows, as_of: dt.datetime | None = None
) -> NDArray[np.float64]:
    """Return ``adj_close`` of the rows of `select_known_rows`, scaled by later dividends."""
    adjusted = log["adj_close"][rows].astype("float64")
    known = log["factor"] != 1.0
    if as_of is not None:
        known &= log["fetched_at"].view("int64") <= to_microseconds(as_of)
    rescaling = np.flatnonzero(known)
    if not len(rescaling):
        return adjusted
    fetch = (ticker[rescaling] << 32) + log["vintage"][rescaling].astype("int64")
    starts = np.flatnonzero(np.diff(fetch, prepend=-1))
    heads, first_day = rescaling[starts], np.minimum.reduceat(_days(log, rescaling), starts)
    begin, end = (ticker[rows].searchsorted(ticker[heads] + after) for after in (0, 1))
    day, vintage, basis = _days(log, rows), log["vintage"][rows], log["basis"][rows]
    for head, first, own in zip(heads, first_day, map(slice, begin, end), strict=True):
        earlier = (vintage[own] < log["vintage"][head]) & (day[own] < first)
        earlier &= basis[own] == log["basis"][head]
        adjusted[own][earlier] *= log["factor"][head]
    return adjusted


def _days(log: Columns, rows: Rows) -> Rows:
    """Return the sessions of rows as days since 1970."""
    days: Rows = log["session"][rows].astype("datetime64[D]").astype("int64")
    return days
