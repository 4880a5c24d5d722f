"""Where the table is in a text: its separator, its header rows, and where its rows begin."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from volcast.pipeline.data.tables.headerless import name_columns
from volcast.pipeline.data.tables.synonyms import DATE, find_field, list_known_fields
from volcast.pipeline.errors import DataError

SEPARATORS = (",", ";", "\t", "|")
FIRST_LINES, HEAD_LINES = 8, 60  # in which the header is looked for, at first and at most
SEPARATOR_LINE = re.compile(rb"^\"?sep=(.)\"?\s*$", re.IGNORECASE)
# What a date and a number look like, whatever their convention; `dates` and `numbers` read them.
DATE_LIKE = re.compile(
    r"""^\s*(
    \d{4}(\s?[-/.]\s?\d{1,2}\s?[-/.]\s?|\d{1,2})\d{1,2}([T\s,].*|Z)? | 1\d\d/\d{1,2}/\d{1,2} |
    \d{1,2}[-/.\s]\d{1,2}[-/.\s]\d{2,4}([T\s,].*)? |
    \d{4}年.* |
    (\w+\.?,?\s)?\d{1,2}(st|nd|rd|th|\.)?[-/.\s]*(de\s)?[^\W\d_]{3,12}\.?[-/.\s,]*(de\s)?\d{2,4}.* |
    (\w+\.?,?\s)?[^\W\d_]{3,12}\.?[-/\s]*\d{1,2}(st|nd|rd|th)?[,\s/-]+\d{4}.* |
    \d{4}[-/\s][^\W\d_]{3,12}[-/.\s]\d{1,2} |
    \d{9,19}(\.\d+)? | [2-6]\d{4}(\.\d+)?
    )\s*$""",
    re.VERBOSE,
)
ISO_DAY, PRICE = re.compile(r"^\d{4}-\d\d-\d\d$"), re.compile(r"^\d{1,4}\.\d+$")  # to be quick
NUMBER_LIKE = re.compile(r"^\D{0,6}\d[\d.,'\s\u2019\u00a0\u202f]*([eE][-+]?\d+)?\D{0,6}$")


@dataclass(frozen=True)
class Layout:
    """The shape of a table in a text.

    Parameters
    ----------
    separator
        Between the cells of a row.
    header
        The rows of the header, the last one next to the first row of values; each as wide as the
        table.
    banner
        The lines above the header that belong to no table, split into cells.
    body
        The position of the first row of values, in bytes.
    sample
        The first rows of values.
    without_header
        Whether the names of the header are not in the text; see `headerless`.
    """

    separator: str
    header: tuple[tuple[str, ...], ...]
    banner: tuple[tuple[str, ...], ...]
    body: int
    sample: tuple[tuple[str, ...], ...]
    without_header: bool = False

    @property
    def width(self) -> int:
        """The number of cells in a row of values."""
        return len(self.header[0])


def find_layout(data: bytes, file: Path) -> Layout:
    """Find the table in a text of UTF-8.

    The first row of values is the first line with a date and a number in cells of their own. The
    header is the line above it that has the most names of columns, and the lines between the two; a
    line above that one counts if the names repeat, because it then says of which ticker they are.

    Raises
    ------
    DataError
        There is no table: no line has a date and a number, or the first line is a row already and
        the columns cannot be told from their values.
    """
    for most in (FIRST_LINES, HEAD_LINES):
        lines, starts = _split_head(data, most)
        skipped = SEPARATOR_LINE.match(lines[0])
        first = 1 if skipped else 0
        given = skipped.group(1).decode("utf-8", "replace") if skipped else ""
        separator = given or _find_separator(lines)
        rows = [_split(line, separator) for line in lines]
        bars = [n for n in range(first, len(rows)) if is_bar_row(rows[n])]
        if bars:
            break
    else:
        raise DataError(_explain_no_rows(rows[first:], file))
    at = bars[0]
    width = Counter(len(rows[n]) for n in bars).most_common(1)[0][0]
    top = _find_header_top(rows[first:at], width)
    if top is None:
        found = _name_headerless(data, separator) if at == first else None
        if found is not None:
            return found
        raise DataError(_explain_no_header(rows[first:at], rows[at], file))
    top += first
    # A row without prices, such as a dividend, may stand above the first bar.
    at = next((n for n in range(top + 1, at) if any(map(looks_like_date, rows[n]))), at)
    header = [_fit(row, width, rows[at], file) for row in rows[top:at]]
    return Layout(
        separator=separator,
        header=tuple(tuple(row) for row in header if any(row)),
        banner=tuple(tuple(row) for row in rows[first:top] if any(row)),
        body=starts[at],
        sample=tuple(tuple(row) for row in rows[at:] if len(row) == width),
    )


def _name_headerless(data: bytes, separator: str) -> Layout | None:
    """Return the layout of a text that is a table from its first line on; None if unsure."""
    lines, starts = _split_head(data, HEAD_LINES)
    rows = [_split(line, separator) for line in lines]
    first = 1 if SEPARATOR_LINE.match(lines[0]) else 0
    sample = tuple(tuple(row) for row in rows[first:] if len(row) == len(rows[first]))
    width = len(rows[first])
    dates = [n for n in range(width) if all(looks_like_date(row[n]) for row in sample)]
    names = name_columns(sample, dates)
    if not names:
        return None
    return Layout(separator, (names,), (), starts[first], sample, without_header=True)


def is_bar_row(cells: Sequence[str]) -> bool:
    """Return whether a row has a cell like a date and another one like a number.

    Examples
    --------
    >>> is_bar_row(["Jan 2, 2020", "1,234.50"]), is_bar_row(["Start Date", "1/2/2020"])
    (True, False)
    """
    date = next((n for n, cell in enumerate(cells) if looks_like_date(cell)), None)
    if date is None:
        return False
    return any(NUMBER_LIKE.match(cell.strip()) for n, cell in enumerate(cells) if n != date)


def looks_like_date(cell: str) -> bool:
    """Return whether a cell looks like a date in any manner of writing.

    Examples
    --------
    >>> looks_like_date("2. Jan. 2020"), looks_like_date("1577923200"), looks_like_date("100.5")
    (True, True, False)
    """
    return bool(ISO_DAY.match(cell) or (not PRICE.match(cell) and DATE_LIKE.match(cell)))


def _split_head(data: bytes, most: int) -> tuple[list[bytes], list[int]]:
    """Return the first lines that are not blank, and the position at which each begins."""
    lines: list[bytes] = []
    starts: list[int] = []
    at = 0
    while at < len(data) and len(lines) < most:
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        line = data[at:end].rstrip(b"\r")
        if line.strip():
            lines.append(line)
            starts.append(at)
        at = end + 1
    return lines, starts


def _split(line: bytes, separator: str) -> list[str]:
    text = line.decode("utf-8", "replace")
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=separator))]
    except (csv.Error, StopIteration):
        return [text]


def _find_separator(lines: Sequence[bytes]) -> str:
    """Return the separator by which the most lines are rows of values; else the most frequent."""

    def count(separator: str) -> tuple[int, int, int]:
        rows = [_split(line, separator) for line in lines]
        bars = Counter(len(row) for row in rows if is_bar_row(row))
        known = max(len(list_known_fields(row)) for row in rows)
        return max(bars.values(), default=0), known, max(len(row) for row in rows)

    present = [each for each in SEPARATORS if any(each.encode() in line for line in lines)]
    return max(present, key=count) if len(present) > 1 else (present or SEPARATORS)[0]


def _find_header_top(above: Sequence[Sequence[str]], width: int) -> int | None:
    """Return which of the lines above the rows of values is the first of the header."""
    known = [len(set(list_known_fields(row))) for row in above]
    names = max(range(len(above)), key=lambda n: (known[n], n), default=None)
    if names is None:
        return None
    if known[names] < 2 and not _names_values(above[names], width):
        wide = [n for n, row in enumerate(above) if _names_values(row, width)]
        if not wide:
            return None
        names = wide[-1]
    repeated = list_known_fields(above[names][1:])
    several = len(repeated) > len(set(repeated)) and len(set(repeated) - {DATE}) > 0
    if several and names > 0 and abs(len(above[names - 1]) - width) <= 1:
        return names - 1
    return names


def _names_values(row: Sequence[str], width: int) -> bool:
    """Return whether a line can be the header of a table: as wide, of words, all but one filled."""
    filled = [cell for cell in row if cell]
    words = [cell for cell in filled if not NUMBER_LIKE.match(cell) or any(map(str.isalpha, cell))]
    return len(row) in (width, width - 1) and len(filled) >= width - 1 and words == filled


def _fit(names: Sequence[str], width: int, row: Sequence[str], file: Path) -> list[str]:
    """Return a row of the header as wide as the table.

    A name too many must be empty; a name too few belongs to an index without one, or to an empty
    cell at the end of each row.

    Raises
    ------
    DataError
        Header and rows do not fit together: a comma in an unquoted number may separate thousands.
    """
    missing = width - len(names)
    if missing <= 0 and not any(names[width:]):
        return list(names[:width])
    if missing == 1 and len(row) == width:
        if not row[-1]:
            return [*names, ""]
        named = next((n for n, name in enumerate(names) if find_field(name) == DATE), None)
        index_is_date = named is None and looks_like_date(row[0])
        if index_is_date or (
            named is not None and looks_like_date(row[named + 1]) and row[0].isdigit()
        ):
            return ["", *names]
    shown = ", ".join(repr(cell[:30]) for cell in row[:8])
    raise DataError(
        f"{file}: the header has {len(names)} names, the rows have {width} cells: {shown}; quote "
        "numbers with commas in them, or complete the header"
    )


def _explain_no_rows(rows: Sequence[Sequence[str]], file: Path) -> str:
    names = max(rows, key=lambda row: len(list_known_fields(row)), default=[])
    known = list_known_fields(names)
    if not known:
        shown = ", ".join(repr(cell[:40]) for cell in (rows[0] if rows else [])[:8])
        if rows and all(len(row) == 1 for row in rows):
            return (
                f"{file}: the lines are not separated into columns: {shown}; use commas, "
                "semicolons, tabs or bars"
            )
        return (
            f"{file}: no line has a date and a price, and there is no header; the first line is "
            f"{shown}; it needs the columns date and close, or date, open, high, low and close"
        )
    if DATE not in known:
        found = ", ".join(repr(cell[:40]) for cell in names[:20])
        return f"{file}: missing column date; found {found}; add or rename it"
    below = [row for row in rows[list(rows).index(names) + 1 :] if any(row)]
    if not below:
        return f"{file}: the file has a header but no rows; it needs at least one row"
    shown = ", ".join(repr(cell[:40]) for cell in below[0][:8])
    return (
        f"{file}: row 1 below the header has no date and price that can be read: {shown}; "
        "a date is written such as 2020-01-31"
    )


def _explain_no_header(above: Sequence[Sequence[str]], first: Sequence[str], file: Path) -> str:
    shown = ", ".join(repr(cell[:40]) for cell in (above[-1] if above else first)[:8])
    where = "stands above the first row of values" if above else "is a row of values already"
    return (
        f"{file}: there is no header: {shown} {where}; write the names of the columns into the "
        "first line, such as date,open,high,low,close,volume"
    )
