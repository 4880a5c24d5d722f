"""Which rows of a table are bars: dividends, headers in the middle and lines below it are none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from volcast.pipeline.data.tables.cells import Line
from volcast.pipeline.data.tables.dates import Moments
from volcast.pipeline.data.tables.layout import looks_like_date
from volcast.pipeline.data.tables.parse_columns import Numbers, list_cells
from volcast.pipeline.data.tables.synonyms import DATE, TICKER
from volcast.pipeline.data.tables.typed_table import TypedTable
from volcast.pipeline.errors import DataError
from volcast.pipeline.text import format_count

ACTION = re.compile(r"divid|dywid|split|spin-?off|capital gain|配当|分割", re.IGNORECASE)
MOST_OTHERS, OTHERS_SHARE = 5, 0.05  # rows amid the bars that are none, before the file is refused
SHOWN = 60
NOT_A_DATE = "is not a date such as 2020-01-31, from 1800 to 2200"
ACTIONS, OTHERS, EMPTY = "of dividends or splits", "without a bar", "without a price"
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class LeftOut:
    """Rows that are no bars, by their kind, with the first of them."""

    kind: str
    count: int
    number: int
    text: str

    def describe(self) -> str:
        """Return how many rows of the kind were left out."""
        return f"{format_count(self.count, 'line')} {self.kind} left out"


def find_bar_rows(
    table: TypedTable, moments: Moments, numbers: Numbers, file: Path
) -> tuple[Flags, tuple[LeftOut, ...]]:
    """Return which rows are bars, and what was left out.

    Left out are rows without a date and a price (a header in the middle, lines below the table),
    of dividends and splits, and, of closes alone, days without one. Other rows without a price are
    kept: the quality rules count them.

    Raises
    ------
    DataError
        A row may be a bar, but its date or a price cannot be read; or too many rows are none.
    """
    no_date = np.isnat(moments.written)
    prices = _list_price_columns(table)
    has_price = np.logical_or.reduce([~np.isnan(numbers.values[at]) for _, at in prices])
    bad_price = np.zeros(len(table.rows), dtype=bool)
    for _, at in prices:
        bad_price |= numbers.bad.get(at, False)
    if not (no_date.any() or bad_price.any() or not has_price.all() or table.odd_lines):
        return has_price, ()
    actions = bad_price & ~no_date
    for row in np.flatnonzero(actions).tolist():
        actions[row] = bool(ACTION.search(_join_cells(table, row)))
    others = (no_date & ~has_price) | _find_lines_below(table, no_date)
    keeps_empty = not table.columns.close_alone or TICKER in table.columns.keys
    empty = np.zeros_like(no_date) if keeps_empty else ~no_date & ~has_price & ~actions
    _reject_cells(table, no_date & ~others, DATE, table.columns.date, file)
    for name, at in prices:
        if at in numbers.bad:
            _reject_cells(table, numbers.bad[at] & ~others & ~actions, name, at, file)
    left_out = {ACTIONS: actions, OTHERS: others, EMPTY: empty}
    _limit_others(table, left_out, file)
    bars = ~(actions | others | empty)
    return bars, tuple(_list_left_out(table, left_out))


def _list_price_columns(table: TypedTable) -> list[tuple[str, int]]:
    fields = [pair for own in table.columns.fields.values() for pair in own.items()]
    return [(name, at) for name, at in fields if name != "volume"]


def _join_cells(table: TypedTable, row: int) -> str:
    return " ".join(list_cells(table, row))


def _find_tail(flags: Flags) -> Flags:
    """Return the flags of the last rows that are all flagged."""
    tail = np.zeros(len(flags), dtype=bool)
    first = len(flags) - int(np.argmin(flags[::-1])) if not flags.all() else 0
    tail[first:] = True
    return tail


def _find_lines_below(table: TypedTable, no_date: Flags) -> Flags:
    """Return the last rows that have words in place of a date, such as ``Average``."""
    tail = _find_tail(no_date) & no_date
    for row in np.flatnonzero(tail).tolist():
        cell = str(table.cells[table.columns.date][row].as_py() or "")
        tail[row] = cell.replace(" ", "").rstrip(":.").isalpha() and cell != "NaT"
    return tail


def _reject_cells(table: TypedTable, wrong: Flags, name: str, at: int, file: Path) -> None:
    """Raise ``DataError`` at the first cell that cannot be read."""
    rows = np.flatnonzero(wrong).tolist()
    if rows:
        value = str(table.cells[at][rows[0]].as_py() or "")[:SHOWN]
        rule = NOT_A_DATE if name == DATE else "is not a number"
        more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
        raise DataError(
            f"{file}: column {name}, row {table.rows[rows[0]] + 1} below the header: {value!r} "
            f"{rule}{more}; fix or drop the row"
        )


def _limit_others(table: TypedTable, left_out: dict[str, Flags], file: Path) -> None:
    """Raise ``DataError`` if many lines amid the bars are none."""
    no_bar = np.logical_or.reduce(list(left_out.values()))
    last = int(table.rows[~no_bar].max(initial=-1)) + 1
    numbers = [line.number for line in _find_lines(table, left_out, OTHERS) if line.number <= last]
    if len(numbers) > max(MOST_OTHERS, OTHERS_SHARE * len(table.rows)):
        first = _find_lines(table, left_out, OTHERS)[0]
        raise DataError(
            f"{file}: {len(numbers)} of {len(table.rows)} rows have no date and price; the first "
            f"is row {first.number} below the header, {first.text[:SHOWN]!r}; drop them"
        )


def _find_lines(table: TypedTable, left_out: dict[str, Flags], kind: str) -> list[Line]:
    """Return the lines of a kind, rows of the table and others, by their number."""
    is_action = {line: _is_action(line.text) for line in table.odd_lines}
    wanted = {ACTIONS: True, OTHERS: False}.get(kind)
    lines = [line for line, action in is_action.items() if action == wanted]
    rows = np.flatnonzero(left_out[kind]).tolist()
    lines += [Line(int(table.rows[row]) + 1, _join_cells(table, row)) for row in rows]
    return sorted(lines, key=lambda line: line.number)


def _is_action(text: str) -> bool:
    """Return whether a line is of a dividend or a split, with a date; not a note about them."""
    cells = re.split(r"[,;|\t]", text)
    dated = any(looks_like_date(part.strip()) for part in (*cells, ",".join(cells[:2])))
    return dated and bool(ACTION.search(text))


def _list_left_out(table: TypedTable, left_out: dict[str, Flags]) -> Iterator[LeftOut]:
    for kind in left_out:
        lines = _find_lines(table, left_out, kind)
        if lines:
            yield LeftOut(kind, len(lines), lines[0].number, lines[0].text[:SHOWN])


def reject_blank_tickers(
    table: TypedTable, names: NDArray[np.object_], bars: Flags, file: Path
) -> None:
    """Raise ``DataError`` at the first bar without a ticker."""
    wrong = np.flatnonzero(names == "")
    if len(wrong):
        row = table.rows[np.flatnonzero(bars)[wrong[0]]] + 1
        raise DataError(
            f"{file}: column {TICKER}, row {row} below the header: '' is not a ticker; fix or drop "
            "the row"
        )
