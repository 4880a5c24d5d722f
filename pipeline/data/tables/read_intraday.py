"""Reading intraday bars from a file: their times, in UTC if they have an offset, and prices."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from volcast.pipeline.data.tables.date_patterns import parse_time_of_day
from volcast.pipeline.data.tables.dates import NOT_A_TIME, Moments
from volcast.pipeline.data.tables.parse_columns import (
    parse_moment_column,
    parse_number_columns,
    parse_ticker_column,
)
from volcast.pipeline.data.tables.read_bars import ReadOptions
from volcast.pipeline.data.tables.row_kinds import find_bar_rows, reject_blank_tickers
from volcast.pipeline.data.tables.sessions import find_timezone
from volcast.pipeline.data.tables.synonyms import TICKER, TIME
from volcast.pipeline.data.tables.typed_table import TypedTable, has_ticker_column, read_table
from volcast.pipeline.errors import DataError

NUMBERS = ("open", "high", "low", "close", "volume")


def read_intraday_bars(file: Path, ticker: str, options: ReadOptions | None = None) -> pd.DataFrame:
    """Return ticker, moment, open, high, low, close and volume of a file, typed.

    ``moment`` is in UTC if the file has offsets or `options` name a time zone, else without one.

    Parameters
    ----------
    file
        CSV or Parquet, with any of the headers of daily files; a date and a time may have a column
        each.
    ticker
        The ticker of a file that names none.
    options
        What decides where two readings are possible.

    Raises
    ------
    DataError
        The file, a time, a number or a ticker cannot be read.
    """
    chosen = options or ReadOptions()
    table = read_table(file)
    if table.columns.side_by_side or table.columns.close_alone:
        raise DataError(f"{file}: intraday bars need open, high, low and close, one row a bar")
    moments = _add_times(table, parse_moment_column(table, chosen.dates, file), file)
    numbers = parse_number_columns(table, chosen.decimal, file)
    rows, _ = find_bar_rows(table, moments, numbers, file)
    if not rows.any():
        raise DataError(f"{file}: the file has no rows; it needs at least one bar")
    (fields,) = table.columns.fields.values()
    bars = pd.DataFrame({"moment": _to_moment(moments, chosen, file)[rows], "volume": np.nan})
    for name in NUMBERS:
        if name in fields:
            bars[name] = numbers.values[fields[name]][rows]
    if not has_ticker_column(table):
        return bars.assign(ticker=table.ticker or ticker)
    names = parse_ticker_column(table.cells[table.columns.keys[TICKER]], rows)
    reject_blank_tickers(table, names, rows, file)
    return bars.assign(ticker=pd.array(names, dtype="str"))


def _add_times(table: TypedTable, moments: Moments, file: Path) -> Moments:
    """Return dates with the times of their own column, if there is one."""
    if moments.has_times or TIME not in table.columns.keys:
        return moments
    encoded = pc.dictionary_encode(table.cells[table.columns.keys[TIME]].cast(pa.string()))
    times = [parse_time_of_day(text.zfill(4)) for text in encoded.dictionary.to_pylist()]
    wrong = [
        text
        for text, time in zip(encoded.dictionary.to_pylist(), times, strict=True)
        if time is None
    ]
    if wrong:
        raise DataError(f"{file}: column time: {wrong[0][:60]!r} is not a time such as 09:30")
    micros = np.array([time.microseconds for time in times if time], "m8[us]")
    added = micros[encoded.indices.to_numpy(zero_copy_only=False)]
    return Moments(moments.written + added, moments.offset, moments.manner, has_times=True)


def _to_moment(moments: Moments, options: ReadOptions, file: Path) -> pd.Series:
    """Return the times: in UTC if they have an offset, else as written."""
    with_offset = ~np.isnat(moments.offset)
    given = ~np.isnat(moments.written)
    if not (with_offset & given).any():
        plain: Any = pd.Series(moments.written)
        if not options.timezone:
            return pd.Series(moments.written)
        zone = find_timezone(options.timezone)
        local = plain.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
        return pd.Series(local.dt.tz_convert("UTC"))
    without = np.flatnonzero(given & ~with_offset)
    if len(without):
        time = pd.Timestamp(moments.written[without[0]])
        raise DataError(
            f"{file}: column timestamp, row {without[0] + 1} below the header: '{time}' has no "
            "offset, but other rows have one; fix or drop the row"
        )
    utc: Any = pd.Series(np.where(given, moments.written - moments.offset, NOT_A_TIME))
    return pd.Series(utc.dt.tz_localize("UTC"))
