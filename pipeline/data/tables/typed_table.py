"""A table of text or of Parquet with its columns found: what the layers above read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from volcast.pipeline.data.tables.cells import Cells, Line, read_cells
from volcast.pipeline.data.tables.columns import Columns, find_columns
from volcast.pipeline.data.tables.layout import Layout, find_layout
from volcast.pipeline.data.tables.numbers import LONGEST_NUMBER
from volcast.pipeline.data.tables.odd_decimals import may_have_odd_decimals
from volcast.pipeline.data.tables.parquet_table import ParquetTable, read_feather, read_parquet
from volcast.pipeline.data.tables.plain_table import choose_types
from volcast.pipeline.data.tables.shapes import describe_text, name_shape
from volcast.pipeline.data.tables.synonyms import TICKER, simplify
from volcast.pipeline.data.tables.text import Text, read_text
from volcast.pipeline.errors import DataError

PARQUET_SUFFIXES = (".parquet", ".pq")
FEATHER_SUFFIXES = (".feather", ".arrow")
SECURITY_KEYS = {"security", "ticker", "symbol", "instrument", "ric"}
LONGEST_TICKER = 30


@dataclass(frozen=True, eq=False)
class TypedTable:
    """The used columns of a table, as text or as what they are.

    Parameters
    ----------
    columns
        Which column holds what.
    cells
        Position to an array of arrow: text, numbers or times.
    rows
        The number of each row in the file, from 0 below the header.
    odd_lines
        Lines that are no rows.
    sample
        The first rows, as text, with all columns.
    shape
        What the table is like, and what is unusual in its text.
    ticker
        The ticker that a line above the table names; empty if none does.
    """

    columns: Columns
    cells: dict[int, Any]
    rows: NDArray[np.int64]
    odd_lines: tuple[Line, ...]
    sample: tuple[tuple[str, ...], ...]
    shape: tuple[str, ...]
    ticker: str = ""


def read_table(file: Path) -> TypedTable:
    """Read a table of bars from a CSV, Parquet or Feather file.

    Raises
    ------
    DataError
        The file cannot be read, is no table, or lacks a column.
    """
    try:
        return _read_table(file)
    except OSError as error:
        raise DataError(f"{file}: the file cannot be read; {error.strerror or error}") from error


def _read_table(file: Path) -> TypedTable:
    kind = file.suffix.lower()
    if kind in (*PARQUET_SUFFIXES, *FEATHER_SUFFIXES):
        table = read_feather(file) if kind in FEATHER_SUFFIXES else read_parquet(file)
        return build_typed_table(table, [table.names], file)
    text = read_text(file)
    layout = find_layout(text.data, file)
    columns = find_columns(layout.header, layout.sample, file)
    cells = _read_cells(text, layout, columns, file)
    shape = name_shape(layout.header, side_by_side=columns.side_by_side)
    return TypedTable(
        columns,
        cells.columns,
        cells.rows,
        cells.odd_lines,
        layout.sample,
        (shape, *describe_text(layout, text.encoding)),
        _find_security(layout),
    )


def build_typed_table(
    table: ParquetTable, header: Sequence[Sequence[str]], file: Path
) -> TypedTable:
    """Return a table whose columns have types already.

    Parameters
    ----------
    table
        The columns and the first rows.
    header
        The rows of its header, each as wide as the table.
    file
        For messages.

    Raises
    ------
    DataError
        Dates or prices are not found.
    """
    columns = find_columns(header, table.sample, file)
    cells = {position: table.arrays[position] for position in list_positions(columns)}
    like = name_shape(header, side_by_side=columns.side_by_side)
    return TypedTable(columns, cells, np.arange(table.rows), (), table.sample, (like, table.kind))


def _read_cells(text: Text, layout: Layout, columns: Columns, file: Path) -> Any:
    """Return the used columns, typed where all cells are plain, else as text."""
    types = choose_types(columns, layout.sample)
    longest = max(map(len, text.data.split(b"\n")))
    if types and longest <= LONGEST_NUMBER * layout.width:
        try:
            cells = read_cells(text.data, layout, types, file)
            if not _have_odd_decimals(cells, columns, layout):
                return cells
        except pa.ArrowInvalid:
            pass  # a cell further down is not plain: it is read as text
    return read_cells(text.data, layout, dict.fromkeys(list_positions(columns), pa.string()), file)


def _have_odd_decimals(cells: Cells, columns: Columns, layout: Layout) -> bool:
    prices = list_prices(columns)
    numbers = [cells.columns[at].to_numpy(zero_copy_only=False) for at in prices]
    return may_have_odd_decimals(numbers, [[row[at] for at in prices] for row in layout.sample])


def list_prices(columns: Columns) -> list[int]:
    """Return the positions of the prices."""
    fields = [pair for own in columns.fields.values() for pair in own.items()]
    return list(dict.fromkeys(at for name, at in fields if name not in ("volume", "variance")))


def list_positions(columns: Columns) -> list[int]:
    """Return the positions of all columns that are used."""
    fields = [at for own in columns.fields.values() for at in own.values()]
    return list(dict.fromkeys((columns.date, *columns.keys.values(), *fields)))


def _find_security(layout: Layout) -> str:
    """Return the security that a line such as ``Security,AAPL US Equity`` above the table names."""
    for row in layout.banner:
        filled = [cell for cell in row if cell]
        if len(filled) == 2 and simplify(filled[0]) in SECURITY_KEYS:
            return filled[1][:LONGEST_TICKER]
    return ""


def has_ticker_column(table: TypedTable) -> bool:
    """Return whether a column says of which ticker each row is."""
    return TICKER in table.columns.keys
