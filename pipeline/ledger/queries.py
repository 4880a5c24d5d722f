"""The ledger's tables as frames, and its rows as records."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger.columns import MOMENT_FORMAT, to_date
from volcast.pipeline.ledger.schema import Schema

SCORED = "scored"  # the view of forecasts with their outcomes
BLOCK = 100_000  # rows


@dataclass(frozen=True)
class RowFilter:
    """Which rows of a table are read; a field that is None or empty selects all rows.

    A ledger of hundreds of tickers grows by gigabytes a year as frames: ask for the last
    sessions, or for one horizon, if that is enough.

    Attributes
    ----------
    since, origin
        Only this origin and later ones; only this origin.
    ended_after
        Only targets that ended after this day.
    horizon, role, tickers
        Only forecasts of this horizon, of this role, of these tickers.
    newest
        Maximum number of rows; the last ones are read.

    Examples
    --------
    >>> RowFilter(horizon=5, newest=10).to_sql()
    ('WHERE horizon = ? ORDER BY seq DESC LIMIT ?', [5, 10])
    """

    since: dt.date | None = None
    origin: dt.date | None = None
    ended_after: dt.date | None = None
    horizon: int | None = None
    role: str | None = None
    tickers: tuple[str, ...] = ()
    newest: int | None = None

    def to_sql(self) -> tuple[str, list[str | int]]:
        """Return the end of a query, and its values; it gives the newest rows first."""
        conditions: dict[str, tuple[str | int, ...]] = {
            "origin >= ?": _format_day(self.since),
            "origin = ?": _format_day(self.origin),
            "target_end > ?": _format_day(self.ended_after),
            "horizon = ?": () if self.horizon is None else (self.horizon,),
            "role = ?": () if self.role is None else (self.role,),
            f"ticker IN ({', '.join('?' * len(self.tickers))})": self.tickers,
        }
        used = {condition: values for condition, values in conditions.items() if values}
        where = f"WHERE {' AND '.join(used)} " if used else ""
        values = [value for each in used.values() for value in each]
        return f"{where}ORDER BY seq DESC LIMIT ?", [*values, self.newest or -1]


def read_table(
    connection: sqlite3.Connection,
    schema: Schema,
    name: str,
    rows: RowFilter,
    columns: Sequence[str],
) -> pd.DataFrame:
    """Return a table in the order of the chain; see `Ledger.table`."""
    names = (*schema.tables, SCORED)
    if name not in names:
        raise LedgerError(f"the ledger has no table {name!r}; choose from {', '.join(names)}")
    condition, values = rows.to_sql()
    selected = ", ".join(columns) or "*"
    cursor = connection.execute(f"SELECT {selected} FROM {name} {condition}", values)
    return _build_frame(cursor, cursor.fetchall()[::-1], schema.dtypes)


def iter_blocks(
    connection: sqlite3.Connection, schema: Schema, name: str
) -> Iterator[pd.DataFrame]:
    """Yield a table in parts of `BLOCK` rows; an empty table is one empty frame."""
    cursor = connection.execute(f"SELECT * FROM {name} ORDER BY seq")
    rows = cursor.fetchmany(BLOCK)
    while True:
        yield _build_frame(cursor, rows, schema.dtypes)
        rows = cursor.fetchmany(BLOCK)
        if not rows:
            return


def read_pending_targets(connection: sqlite3.Connection, until: dt.date) -> pd.DataFrame:
    """Return the targets that ended and have no outcome; see `Ledger.pending_targets`."""
    days = ["origin", "target_start", "target_end"]
    columns = [*days, "ticker", "horizon"]
    rows = connection.execute(
        f"SELECT DISTINCT {', '.join(columns)} FROM forecasts f WHERE target_end <= ? "
        "AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE (o.origin, o.ticker, o.horizon) = "
        "(f.origin, f.ticker, f.horizon)) ORDER BY seq",
        [to_date(until).isoformat()],
    )
    frame = pd.DataFrame.from_records(rows.fetchall(), columns=columns)
    return frame.assign(**{day: pd.to_datetime(frame[day], format="%Y-%m-%d") for day in days})


def iter_records(
    connection: sqlite3.Connection,
    schema: Schema,
    name: str,
    condition: str = "",
    values: Sequence[Any] = (),
) -> Iterator[Any]:
    """Yield the rows of a table as its records; `condition` is the end of the query."""
    table = schema.tables[name]
    columns = ("seq", *table.columns)
    query = f"SELECT {', '.join(columns)} FROM {name} {condition}"
    for row in connection.execute(query, values):
        yield table.decode(dict(zip(columns, row, strict=True)))


def _build_frame(
    cursor: sqlite3.Cursor, rows: Sequence[tuple[Any, ...]], dtypes: Mapping[str, str]
) -> pd.DataFrame:
    """Return rows as SQLite stores them as a frame with dates, moments and booleans."""
    names = [each[0] for each in cursor.description]
    frame = pd.DataFrame.from_records(rows, columns=names)
    known = {name: dtypes[name] for name in names if name in dtypes}
    for name, dtype in known.items():
        if dtype.startswith("datetime64"):
            in_utc = "UTC" in dtype
            pattern = MOMENT_FORMAT if in_utc else "%Y-%m-%d"
            frame[name] = pd.to_datetime(frame[name], format=pattern, utc=in_utc)
    return frame.astype(known)


def _format_day(day: dt.date | None) -> tuple[str, ...]:
    return () if day is None else (to_date(day).isoformat(),)
