"""Which column of a table holds what: from the rows of its header to fields of bars."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from volcast.pipeline.data.tables.layout import NUMBER_LIKE, looks_like_date
from volcast.pipeline.data.tables.number_text import MISSING
from volcast.pipeline.data.tables.stacked_header import WORDS, find_side_by_side
from volcast.pipeline.data.tables.synonyms import (
    DATE,
    NUMBER_FIELDS,
    PERIOD,
    SYNONYMS,
    TICKER,
    TIME,
    find_field,
    find_rank,
    simplify,
)
from volcast.pipeline.errors import DataError

RANGE = ("open", "high", "low")
TICKER_LIKE = re.compile(
    r"^[\^$]?[A-Z0-9][A-Z0-9 .:/=&_-]{0,24}$|^\d{1,2}(\.\d)?[ -]?(Mo|Yr|Month|Year)s?$"
)
# Names of columns that are tickers, too: Citigroup, Loews, Lowe's, AT&T, Visa.
ALSO_TICKERS = re.compile(r"^([A-Z]|LOW|NAV|RATE|DATA|TIME|BAS|RIC)$")
ADJUSTED = re.compile(r"\badj", re.IGNORECASE)
MOST = 0.5  # of the cells of a column of dates
SHOWN, NAMES_SHOWN = 60, 20
ADD = "add or rename it"  # the remedy for a missing column


@dataclass(frozen=True)
class Columns:
    """The columns of a table by what they hold.

    Parameters
    ----------
    date
        The position of the dates.
    fields
        For each ticker, None for a table with one ticker or with a column of them, field to
        position.
    keys
        Of the columns time, ticker and period, those that the table has, with their positions.
    names
        Field to the name in the file, of every column that is used.
    """

    date: int
    fields: dict[str | None, dict[str, int]]
    keys: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def close_alone(self) -> bool:
        """Whether the table has closes without a range."""
        return all(not set(RANGE) & own.keys() for own in self.fields.values())

    @property
    def side_by_side(self) -> bool:
        """Whether tickers stand side by side."""
        return None not in self.fields


def find_columns(
    header: Sequence[Sequence[str]], sample: Sequence[Sequence[str]], file: Path
) -> Columns:
    """Return which column of a table holds what.

    Parameters
    ----------
    header
        The rows of the header, each as wide as the table.
    sample
        Some rows of values, as text: dates are recognised by their look if no name says where.
    file
        For messages.

    Raises
    ------
    DataError
        Dates or prices are not found, or two columns have one name.
    """
    names = max(header, key=_count_known)
    date = _find_date(names, sample, file)
    beside = find_side_by_side(header, date)
    if beside is not None:
        for ticker, own in beside.fields.items():
            _check_prices(own, names, f"{file}: {ticker}")
        return Columns(date, dict(beside.fields), names={DATE: names[date], **beside.names})
    closes = _find_closes(names, sample, date)
    if closes:
        return Columns(date, closes, names={DATE: names[date], "close": "the tickers"})
    found = {
        name: position
        for name in (TIME, TICKER, PERIOD, *NUMBER_FIELDS)
        if (position := _find_position(name, names, sample, date, file)) is not None
    }
    fields = {name: position for name, position in found.items() if name in NUMBER_FIELDS}
    ranges = [names[fields[name]] for name in RANGE if name in fields]
    if "close" not in fields and "adj_close" in fields and all(map(ADJUSTED.search, ranges)):
        fields["close"] = fields["adj_close"]
    _check_prices(fields, names, str(file))
    keys = {name: found[name] for name in (TIME, TICKER, PERIOD) if name in found}
    used = {DATE: date, **keys, **fields}
    return Columns(date, {None: fields}, keys, {name: names[at] for name, at in used.items()})


def _count_known(row: Sequence[str]) -> int:
    return sum(simplify(name) in _ALL for name in row)


_ALL = {name for names in SYNONYMS.values() for name in names}


def _find_date(names: Sequence[str], sample: Sequence[Sequence[str]], file: Path) -> int:
    """Return the position of the dates: by name, else the only column that looks like dates."""
    simple = [simplify(name) for name in names]
    named = [n for name in SYNONYMS[DATE] for n, known in enumerate(simple) if known == name]
    for at in named:
        if _share(looks_like_date, sample, at) > MOST:
            return at
    looks = [n for n in range(len(names)) if _share(looks_like_date, sample, n) > MOST]
    # A header in several rows may have the name of the dates in another row, or none.
    words = [n for n in looks if not sample[0][n].replace(".", "", 1).isdigit()]
    unnamed = words or [n for n in looks if not simple[n] or n == 0]
    if unnamed:
        return unnamed[0]
    if named:
        return named[0]
    raise _missing([DATE], names, str(file), f"{ADD}, with dates such as 2020-01-31")


def _share(fits: Callable[[str], object], sample: Sequence[Sequence[str]], at: int) -> float:
    cells = [row[at] for row in sample if row[at]]
    return sum(bool(fits(cell)) for cell in cells) / len(cells) if cells else 0.0


def _find_position(
    field_name: str, names: Sequence[str], sample: Sequence[Sequence[str]], date: int, file: Path
) -> int | None:
    """Return the position of a field, by the first of its synonyms that the header has."""
    positions = [n for n in range(len(names)) if n != date and _stands_for(names[n], field_name)]
    if field_name == TICKER:  # numbers under "name" are the keys of a database
        positions = [
            n for n in positions if simplify(names[n]) != "name" or not _all_digits(sample, n)
        ]
    if not positions:
        return None
    best = min(find_rank(field_name, names[n]) for n in positions)
    same = [n for n in positions if find_rank(field_name, names[n]) == best]
    if len(same) > 1 and simplify(names[same[0]]) == simplify(names[same[1]]):
        alike = all(row[same[0]] == row[n] for row in sample for n in same)
        if not alike or field_name not in NUMBER_FIELDS:
            twice = [names[n] for n in same]
            raise DataError(f"{file}: column {field_name} must occur once; found {twice}; drop one")
    return same[0]


def _all_digits(sample: Sequence[Sequence[str]], at: int) -> bool:
    return all(row[at].isdigit() for row in sample)


@lru_cache(maxsize=4096)
def _stands_for(name: str, field_name: str) -> bool:
    return find_rank(field_name, name) < len(SYNONYMS[field_name]) or (
        field_name == "volume" and find_field(name) == "volume"
    )


def _find_closes(
    names: Sequence[str], sample: Sequence[Sequence[str]], date: int
) -> dict[str | None, dict[str, int]]:
    """Return the closes of a table whose columns are named after their tickers.

    A name that is known is a ticker only where it may be one, others are unknown, and the names do
    not make a whole bar.
    """
    left = [n for n in range(len(names)) if n != date and names[n]]
    unknown = [n for n in left if find_field(names[n]) is None]
    known = {find_field(names[n]) for n in left} - {None}
    if known and (
        {*RANGE, "close"} <= known
        or not all(ALSO_TICKERS.match(names[n]) for n in left if n not in unknown)
    ):
        return {}
    repeated = len({names[n] for n in left}) < len(left)
    if not unknown or repeated or any(simplify(names[n]) in WORDS for n in left):
        return {}
    if not all(TICKER_LIKE.match(names[n]) and _may_be_prices(sample, n) for n in left):
        return {}
    return {names[n]: {"close": n} for n in left}


def _may_be_prices(sample: Sequence[Sequence[str]], at: int) -> bool:
    """Return whether the cells of a column are numbers, or stand for none."""
    cells = [row[at] for row in sample]
    return all(NUMBER_LIKE.match(cell) or cell.lower() in MISSING for cell in cells)


def _check_prices(fields: dict[str, int], names: Sequence[str], place: str) -> None:
    """Raise ``DataError`` unless there is a close, with open, high and low or none of them."""
    wanted = ("open", "high", "low", "close") if set(RANGE) & fields.keys() else ("close",)
    missing = [name for name in wanted if name not in fields]
    if missing:
        raise _missing(missing, names, place)


def _missing(
    missing: Sequence[str], names: Sequence[str], place: str, remedy: str = ADD
) -> DataError:
    found = ", ".join(repr(name[:SHOWN]) for name in names[:NAMES_SHOWN])
    return DataError(f"{place}: missing column {', '.join(missing)}; found {found}; {remedy}")
