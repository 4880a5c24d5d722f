"""Reading the bars of a file: find the table, name its columns, parse them, date the sessions."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.tables.bar_block import BarBlock, check_spacing, count_bars, list_tickers
from volcast.pipeline.data.tables.dates import Moments
from volcast.pipeline.data.tables.parse_columns import (
    Numbers,
    parse_moment_column,
    parse_number_columns,
    parse_ticker_column,
)
from volcast.pipeline.data.tables.row_kinds import Flags, find_bar_rows, reject_blank_tickers
from volcast.pipeline.data.tables.sessions import find_sessions
from volcast.pipeline.data.tables.synonyms import PERIOD, TICKER
from volcast.pipeline.data.tables.typed_table import TypedTable, has_ticker_column, read_table
from volcast.pipeline.data.tables.understood import Understood
from volcast.pipeline.errors import DataError

RANGE = ("open", "high", "low")
DAILY = {"d", "1d", "1440", "daily", "day", "days", ""}  # in a column of periods


@dataclass(frozen=True)
class ReadOptions:
    """What decides where a file can be read in several ways; empty: the file decides.

    Parameters
    ----------
    dates
        ``data.dates``: day_first, month_first or year_first.
    decimal
        ``data.decimal``: a point or a comma.
    timezone
        ``data.timezone``, of times without an offset.
    calendar
        ``data.calendar``, of tickers whose name does not identify an exchange.
    """

    dates: str = ""
    decimal: str = ""
    timezone: str = ""
    calendar: str | None = None


@dataclass(frozen=True, eq=False)
class FileBars:
    """The bars of a file, and what was understood of it."""

    blocks: tuple[BarBlock, ...]
    understood: Understood


def read_bars(file: Path, ticker: str, options: ReadOptions = ReadOptions()) -> FileBars:
    """Read the daily bars of a CSV or Parquet file.

    Parameters
    ----------
    file
        The file.
    ticker
        The ticker of a file that names none.
    options
        What decides where two readings are possible.

    Raises
    ------
    DataError
        The file is no table of daily bars, can be read in two ways, or has a cell that cannot be
        read; file, place, value and remedy are named.
    """
    return parse_bars(read_table(file), file, ticker, options)


def parse_bars(table: TypedTable, file: Path, ticker: str, options: ReadOptions) -> FileBars:
    """Return the daily bars of a table whose columns were found; see `read_bars`."""
    moments = parse_moment_column(table, options.dates, file)
    numbers = parse_number_columns(table, options.decimal, file)
    bars, left_out = find_bar_rows(table, moments, numbers, file)
    if not bars.any():
        raise DataError(
            f"{file}: the file has no rows with a date and a price; it needs at least one"
        )
    _check_period(table, bars, file)
    blocks = tuple(_build_blocks(table, moments, numbers, bars, ticker, options, file))
    check_spacing(blocks, file)
    understood = Understood(
        file=file.name,
        shape=table.shape,
        manners=(moments.manner, *numbers.manner),
        names=table.columns.names,
        left_out=left_out,
        odd_decimals=numbers.odd_decimals,
        masked_volumes=_count_masked(table, numbers, bars),
        close_alone=table.columns.close_alone,
        without_range=all(block.without_range for block in blocks),
        sessions_of=_name_zone(moments, blocks, options),
        bars=count_bars(blocks),
        tickers=(tickers := list_tickers(blocks)),
        without_bars=[name for name in table.columns.fields if name and name not in tickers],
    )
    return FileBars(blocks, understood)


def _build_blocks(
    table: TypedTable,
    moments: Moments,
    numbers: Numbers,
    bars: Flags,
    ticker: str,
    options: ReadOptions,
    file: Path,
) -> Iterator[BarBlock]:
    """Yield the bars of each ticker of a wide table, or those of all tickers of a long one."""
    names: str | NDArray[np.object_] = table.ticker or ticker
    if has_ticker_column(table):
        names = parse_ticker_column(table.cells[table.columns.keys[TICKER]], bars)
        reject_blank_tickers(table, names, bars, file)
    for own, fields in table.columns.fields.items():
        values = {name: numbers.values[at] for name, at in fields.items()}
        prices = [value for name, value in values.items() if name != "volume"]
        rows = bars if own is None else bars & ~np.isnan(prices).all(axis=0)
        if not rows.any():
            continue
        chosen = _select(moments, rows)
        columns = {name: value[rows] for name, value in values.items()}
        columns = dict.fromkeys(RANGE, columns["close"]) | columns
        of_rows = names if own is None else own
        yield BarBlock(of_rows, _date_sessions(chosen, of_rows, options), chosen, columns)


def _select(moments: Moments, rows: Flags) -> Moments:
    if rows.all():
        return moments
    return Moments(moments.written[rows], moments.offset[rows], moments.manner, moments.has_times)


def _date_sessions(
    moments: Moments, names: str | NDArray[np.object_], options: ReadOptions
) -> NDArray[np.datetime64]:
    """Return the session of each row, by the exchange of its ticker."""
    if isinstance(names, str) or not moments.has_times:
        first = names if isinstance(names, str) else str(names[0])
        return find_sessions(moments, find_calendar(first, options.calendar), options.timezone)
    calendars = {name: find_calendar(name, options.calendar) for name in set(names.tolist())}
    own = np.array([calendars[name] for name in names.tolist()])
    sessions = np.full(len(names), np.datetime64("NaT"), "M8[us]")
    for calendar in set(calendars.values()):
        rows = own == calendar
        sessions[rows] = find_sessions(_select(moments, rows), calendar, options.timezone)
    return sessions


def _check_period(table: TypedTable, bars: Flags, file: Path) -> None:
    """Raise ``DataError`` if a column says that the bars are not daily ones."""
    if PERIOD not in table.columns.keys:
        return
    found = set(parse_ticker_column(table.cells[table.columns.keys[PERIOD]], bars).tolist())
    other = sorted(period for period in found if period.lower() not in DAILY)
    if other and len(other[0]) <= 8:
        raise DataError(
            f"{file}: the bars are of the period {other[0]!r}; volcast needs daily ones: export "
            "those, or name 1- or 5-minute bars as data.intraday"
        )


def _count_masked(table: TypedTable, numbers: Numbers, bars: Flags) -> int:
    """Return how many volumes of bars cannot be read."""
    fields = table.columns.fields.values()
    flags = [numbers.bad[own["volume"]] for own in fields if own.get("volume") in numbers.bad]
    return int(sum((wrong & bars).sum() for wrong in flags))


def _name_zone(moments: Moments, blocks: tuple[BarBlock, ...], options: ReadOptions) -> str:
    """Return in words that times were converted to dates at the exchange; empty if none was."""
    if not moments.has_times or all(
        (block.sessions == block.moments.written.astype("M8[D]")).all() for block in blocks
    ):
        return ""
    name = list_tickers(blocks)[0]
    zone = options.timezone or "the times given"
    return f"dates at {find_calendar(name, options.calendar)} from {zone}"
