"""The cells of a text table: a column of text each, and the lines that are no rows of it."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as arrow_csv  # type: ignore[import-untyped]
from numpy.typing import NDArray

from volcast.pipeline.data.tables.layout import Layout, is_bar_row
from volcast.pipeline.errors import DataError

BLOCK = 1 << 24  # bytes; a row must fit into a block
LAST_LINES, LAST_BYTES = 10, 10_000  # compared with a last line that has no line feed
DECIMALS = re.compile(rb"\d[.,](\d+)$")
LONGEST_ROW = 100_000  # characters; a longer one is an open quotation mark


@dataclass(frozen=True)
class Line:
    """A line that is no row of the table; ``number`` counts the rows below the header from 1."""

    number: int
    text: str


@dataclass(frozen=True, eq=False)
class Cells:
    """The rows of a table, column by column.

    Parameters
    ----------
    columns
        Position in a row to its cells, an array of arrow; only of the columns that were asked for.
    rows
        The number of each row in the file, counted from 0 below the header.
    odd_lines
        The lines with another number of cells, none of which can be a bar.
    """

    columns: dict[int, Any]
    rows: NDArray[np.int64]
    odd_lines: tuple[Line, ...]


def read_cells(data: bytes, layout: Layout, types: dict[int, Any], file: Path) -> Cells:
    """Read some columns of a table.

    Parameters
    ----------
    data
        The text, in UTF-8.
    layout
        Of the table.
    types
        Position of each wanted column to its type in arrow.
    file
        For messages.

    Raises
    ------
    pyarrow.ArrowInvalid
        A cell is not of its type.
    DataError
        A line that may be a bar has more or fewer cells than the header, or a quotation mark is
        not closed.
    """
    names = [str(position) for position in range(layout.width)]
    odd: list[Any] = []

    def skip(row: Any) -> str:
        odd.append(row)
        return "skip"

    end = _find_cut(data, layout)
    table = arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(data)[layout.body : end]),
        read_options=arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.separator, newlines_in_values=b'"' in data, invalid_row_handler=skip
        ),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=[str(position) for position in types],
            column_types={str(position): kind for position, kind in types.items()},
            strings_can_be_null=False,
        ),
    )
    columns = {position: _join_chunks(table.column(str(position))) for position in types}
    cut = data[end:].decode("utf-8", "replace").strip()
    cut_line = (Line(table.num_rows + len(odd) + 1, cut),) if cut else ()
    if not odd:
        return Cells(columns, np.arange(table.num_rows), cut_line)
    numbers = np.array([row.number - 1 for row in odd])
    every = np.setdiff1d(np.arange(table.num_rows + len(odd)), numbers)
    ends_open = not data.endswith(b"\n")
    last = int(numbers.max()) if ends_open and numbers.max() > every.max(initial=-1) else -1
    lines = [_check_odd(row, layout, last, file) for row in odd]
    return Cells(columns, every, (*(line for line in lines if line), *cut_line))


def _find_cut(data: bytes, layout: Layout) -> int:
    """Return where the rows end: before a last line that is cut off in its last number.

    It has no line feed, and fewer decimals than all lines before it, which have the same number.
    """
    if data.endswith(b"\n"):
        return len(data)
    *before, last = data[layout.body :][-LAST_BYTES:].rsplit(b"\n", LAST_LINES)
    decimals = {_count_decimals(line) for line in before[1:]}
    if len(before) < LAST_LINES or len(decimals) != 1 or _count_decimals(last) >= min(decimals):
        return len(data)
    return len(data) - len(last)


def _count_decimals(line: bytes) -> int:
    found = DECIMALS.search(line.rstrip(b'\r"'))
    return len(found[1]) if found else 0


def _join_chunks(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _check_odd(row: Any, layout: Layout, last: int, file: Path) -> Line | None:
    """Return a line of another width; None if it is blank, ``DataError`` if it may be a bar."""
    text = str(row.text or "")
    if "\n" in text or len(text) > LONGEST_ROW:
        raise DataError(
            f"{file}: row {row.number} below the header has a quotation mark that is not closed; "
            f"it begins with {text[:60]!r}; close it"
        )
    cells = split_line(text, layout.separator)
    if not any(cells):
        return None
    number = int(row.number)
    if is_bar_row(cells) and number - 1 != last:
        raise DataError(
            f"{file}: row {number} below the header has {row.actual_columns} cells, the table "
            f"{row.expected_columns}: {text[:60]!r}; fix or drop the row"
        )
    return Line(number, text)


def split_line(text: str, separator: str) -> Sequence[str]:
    """Return the cells of a line, without the spaces around them."""
    row = next(csv.reader([text.replace("\r", " ")], delimiter=separator), [])
    return [cell.strip() for cell in row]
