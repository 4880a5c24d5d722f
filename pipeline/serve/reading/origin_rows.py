"""Pages of forecasts and outcomes, the newest origin first.

The ledger has an index that begins with the origin and the ticker. A page therefore reads one
origin after the other and stops when it is full, however long the ledger is.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from volcast.pipeline.ledger.schema import CELL, COLUMNS, FORECAST_KEY
from volcast.pipeline.serve.reading.cursor import Key, decode_cursor, encode_cursor
from volcast.pipeline.serve.reading.point_in_time import find_last_row

MAXIMUM_ORIGINS = 400  # that one page reads; a page that ends there has fewer rows, and a cursor
ORIGINS_AT_ONCE = 40  # of one ticker
LATEST = "9999-12-31"
Row = dict[str, Any]

# The newest origins up to one, each found by a step in the index.
_ORIGINS = """WITH RECURSIVE origins(origin) AS (
    SELECT max(origin) FROM {table} WHERE origin <= :latest
    UNION ALL
    SELECT (SELECT max(origin) FROM {table} WHERE origin < origins.origin) FROM origins
    WHERE origin IS NOT NULL
    LIMIT :number
) SELECT origin FROM origins"""

# As the view `scored`, but with the newest of the outcomes that were known by a row.
_FORECASTS = """SELECT {columns},
    o.realized * coalesce(f.level_factor, 1.0) AS realized, o.log_return,
    o.written_at AS outcome_written_at
FROM forecasts f LEFT JOIN outcomes o ON o.seq = (
    SELECT max(n.seq) FROM outcomes n WHERE n.origin = f.origin AND n.ticker = f.ticker
        AND n.horizon = f.horizon AND n.seq <= ?)
WHERE {{conditions}} ORDER BY f.origin DESC, {{order}} LIMIT ?""".format(
    columns=", ".join(f"f.{name}" for name in ("seq", *COLUMNS["forecasts"], "live"))
)
_OUTCOMES = """SELECT {columns} FROM outcomes f WHERE ? AND {{conditions}}
ORDER BY f.origin DESC, {{order}} LIMIT ?""".format(
    columns=", ".join(f"f.{name}" for name in ("seq", *COLUMNS["outcomes"]))
)


@dataclass(frozen=True)
class OriginTable:
    """A table whose rows belong to an origin.

    Attributes
    ----------
    name
        Its name in the ledger.
    query
        Selects rows of an origin; its first value is the last row that counts.
    key
        The columns by which the rows of an origin are sorted, and which differ between them.
    types
        Their types.
    """

    name: str
    query: str
    key: tuple[str, ...]
    types: tuple[type, ...]


FORECASTS = OriginTable("forecasts", _FORECASTS, FORECAST_KEY[1:], (str, int, str, str))
OUTCOMES = OriginTable("outcomes", _OUTCOMES, (*CELL[1:], "seq"), (str, int, int))


@dataclass(frozen=True)
class OriginFilter:
    """Which rows are read; None is all of them.

    Attributes
    ----------
    ticker, horizon, role
        Only these; outcomes have no role.
    first, last
        The first and the last origin.
    as_of
        Only what had been written by this moment, with a timezone.
    """

    ticker: str | None = None
    horizon: int | None = None
    role: str | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    as_of: dt.datetime | None = None


@dataclass(frozen=True)
class PageOfRows:
    """Rows as SQLite stores them, by column, and the cursor of the next page, if there is one."""

    rows: list[Row]
    next: str | None


def read_page(
    connection: sqlite3.Connection,
    table: OriginTable,
    chosen: OriginFilter,
    limit: int,
    cursor: str | None = None,
) -> PageOfRows:
    """Return a page of a table: the newest origin first, then by ticker and horizon.

    Parameters
    ----------
    connection
        In a snapshot of the ledger.
    table
        `FORECASTS` or `OUTCOMES`.
    chosen
        Which rows.
    limit
        Maximum number of rows.
    cursor
        That of the page before.

    Raises
    ------
    ValueError
        The cursor does not belong to the table.
    """
    start: Key | None = None
    if cursor is not None:
        start = decode_cursor(table.name, cursor, (str, *table.types))
    last_row = find_last_row(connection, chosen.as_of) if chosen.as_of else None
    rows: list[Row] = []
    read = 0
    for origins in _iter_origins(connection, table, chosen, start):
        if read >= MAXIMUM_ORIGINS:
            return PageOfRows(rows, encode_cursor(table.name, _before(table, origins[0])))
        read += len(origins)
        after = start[1:] if start and start[0] == origins[0] else None
        wanted = limit + 1 - len(rows)
        rows += _read_origins(connection, table, chosen, origins, (after, last_row, wanted))
        if len(rows) > limit:
            last = rows[limit - 1]
            key = (last["origin"], *(last[name] for name in table.key))
            return PageOfRows(rows[:limit], encode_cursor(table.name, key))
    return PageOfRows(rows, None)


def find_newest_origin(
    connection: sqlite3.Connection, *, before: str | None = None, table: str = "forecasts"
) -> str | None:
    """Return the newest origin, or the newest before another one; None if there is none."""
    condition, values = ("WHERE origin < ?", [before]) if before else ("", [])
    query = f"SELECT max(origin) FROM {table} {condition}"
    found = connection.execute(query, values).fetchone()[0]
    return None if found is None else str(found)


def _iter_origins(
    connection: sqlite3.Connection, table: OriginTable, chosen: OriginFilter, start: Key | None
) -> Iterator[list[str]]:
    """Yield the origins from the newest that counts to the oldest, as many as are read at once.

    Rows of one ticker are few, so that those of many origins are read together. The origin of the
    cursor comes alone.
    """
    latest = chosen.last.isoformat() if chosen.last else LATEST
    if start is not None:
        latest = min(latest, str(start[0]))
    first = chosen.first.isoformat() if chosen.first else ""
    number = 1 if start is not None or chosen.ticker is None else ORIGINS_AT_ONCE
    while True:
        query = _ORIGINS.format(table=table.name)
        found = connection.execute(query, {"latest": latest, "number": number}).fetchall()
        origins = [origin for (origin,) in found if origin is not None and origin >= first]
        if not origins:
            return
        yield origins
        latest = (dt.date.fromisoformat(origins[-1]) - dt.timedelta(days=1)).isoformat()
        number = 1 if chosen.ticker is None else ORIGINS_AT_ONCE


def _read_origins(
    connection: sqlite3.Connection,
    table: OriginTable,
    chosen: OriginFilter,
    origins: list[str],
    part: tuple[Key | None, int | None, int],
) -> list[Row]:
    """Return the rows of origins after a key, up to a row of the ledger, at most a number."""
    after, last_row, limit = part
    conditions: dict[str, tuple[Any, ...]] = {
        f"f.origin IN ({', '.join('?' * len(origins))})": tuple(origins),
        "f.ticker = ?": () if chosen.ticker is None else (chosen.ticker,),
        "f.horizon = ?": () if chosen.horizon is None else (chosen.horizon,),
        "f.role = ?": () if chosen.role is None else (chosen.role,),
        "f.seq <= ?": () if last_row is None else (last_row,),
        f"({', '.join(f'f.{name}' for name in table.key)}) > "
        f"({', '.join('?' * len(table.key))})": after or (),
    }
    used = {condition: values for condition, values in conditions.items() if values}
    query = table.query.format(
        conditions=" AND ".join(used), order=", ".join(f"f.{name}" for name in table.key)
    )
    known_by = 2**63 - 1 if last_row is None else last_row
    values = [known_by, *(value for each in used.values() for value in each), limit]
    found = connection.execute(query, values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def _before(table: OriginTable, origin: str) -> Key:
    """Return a key that precedes all rows of an origin."""
    return (origin, *("" if kind is str else 0 for kind in table.types))
