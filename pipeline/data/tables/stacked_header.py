"""Tickers side by side: headers that name a field and a ticker for each column."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from volcast.pipeline.data.tables.synonyms import NUMBER_FIELDS, find_field, simplify

PAIR = re.compile(r"""^\(\s*['"](?P<first>.*?)['"]\s*,\s*['"](?P<second>.*?)['"]\s*\)$""")
# Only names that no ticker has: "AAPL.Close", "Close_AAPL", "Adj Close ^GSPC", "AAPL_Adj Close".
FIELD_WORDS = (
    r"adj[. _]?close|adjusted(?:[. _]close)?|open|high|low|close|last|volume|px_open|px_high|"
    r"px_low|px_last|px_volume"
)
AFTER = re.compile(rf"^(?P<ticker>.+?)[. _|:/-]+(?P<field>{FIELD_WORDS})$", re.IGNORECASE)
BEFORE = re.compile(rf"^(?P<field>{FIELD_WORDS})[. _|:/-]+(?P<ticker>.+)$", re.IGNORECASE)
# A second row of these says in what the prices are, not whose they are.
CURRENCIES = "usd eur gbp gbx chf jpy cad aud inr pln cny hkd sek"
WORDS = {*("shares", "price", "points", "number", "daily", "float", "double", "string", "float64")}
UNITS = {*CURRENCIES.split(), *WORDS, "d"}


PRICES = ("open", "high", "low", "close", "adj_close")
NUMBERING = re.compile(r"^\d{0,2}$")  # of several columns of one name, such as HIGH_1


@dataclass(frozen=True)
class SideBySide:
    """Ticker to field to position, and field to the name that the file has for it."""

    fields: dict[str | None, dict[str, int]]
    names: dict[str, str]


def find_side_by_side(header: Sequence[Sequence[str]], date: int) -> SideBySide | None:
    """Return the columns by ticker and field; None if the header names no tickers.

    Parameters
    ----------
    header
        The rows of the header. With several, one has the fields, another the tickers, field first
        or ticker first; a cell that is empty repeats the one before it. With one row, each name
        has both: ``AAPL.Close``, ``Close_AAPL``, ``('Close', 'AAPL')``.
    date
        The position of the dates.

    Examples
    --------
    >>> rows = [["Ticker", "AAA", ""], ["Price", "Open", "Close"], ["Date", "", ""]]
    >>> find_side_by_side(rows, date=0).fields
    {'AAA': {'open': 1, 'close': 2}}
    """
    columns = [n for n in range(len(header[0])) if n != date]
    pairs = _pair_rows(header, columns) if len(header) > 1 else _split_names(header[0], columns)
    fields: dict[str | None, dict[str, int]] = {}
    names: dict[str, str] = {}
    for position, (ticker, name) in pairs.items():
        field = find_field(name)
        if field in NUMBER_FIELDS:
            fields.setdefault(ticker, {}).setdefault(str(field), position)
            names.setdefault(str(field), name)
    return SideBySide(fields, names) if fields else None


def _pair_rows(
    header: Sequence[Sequence[str]], columns: Sequence[int]
) -> dict[int, tuple[str, str]]:
    """Return ticker and field of each column of a header in several rows."""
    known = [sum(find_field(row[n]) in NUMBER_FIELDS for n in columns) for row in header]
    fields = max(range(len(header)), key=lambda n: known[n])
    others = [n for n in range(len(header)) if n != fields and _names_tickers(header[n], columns)]
    if not others or not known[fields]:
        return {}
    tickers = _fill_forward([header[others[0]][n] for n in columns])
    names = _fill_forward([header[fields][n] for n in columns])
    return {n: pair for n, *pair in zip(columns, tickers, names, strict=True) if all(pair)}  # type: ignore[misc]


def _names_tickers(row: Sequence[str], columns: Sequence[int]) -> bool:
    cells = [row[n] for n in columns if row[n]]
    return bool(cells) and not all(simplify(cell) in UNITS for cell in cells)


def _fill_forward(cells: Sequence[str]) -> list[str]:
    filled: list[str] = []
    for cell in cells:
        filled.append(cell or (filled[-1] if filled else ""))
    return filled


def _split_names(names: Sequence[str], columns: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return ticker and field of each column whose name has both, if every price has."""
    if any(find_field(names[n]) in PRICES for n in columns):
        return {}
    pairs: dict[int, tuple[str, str]] = {}
    for n in columns:
        pair = PAIR.match(names[n])
        if pair:
            first, second = pair["first"], pair["second"]
            is_field = find_field(first) in NUMBER_FIELDS
            pairs[n] = (second, first) if is_field else (first, second)
        elif found := AFTER.match(names[n]) or BEFORE.match(names[n]):
            pairs[n] = (found["ticker"], found["field"])
    return {n: (ticker, name) for n, (ticker, name) in pairs.items() if not NUMBERING.match(ticker)}
