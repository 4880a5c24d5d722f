"""The ledger's tables as frames, and its forecasts as records."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger.records import DecisionRow, ForecastRow, forecast_row, to_date
from volcast.pipeline.ledger.schema import COLUMNS

TABLES = (*COLUMNS, "scored")
DAYS = ("origin", "target_start", "target_end")
MOMENTS = ("data_vintage", "deadline", "written_at", "outcome_written_at")
TRUTHS = ("clipped", "fallback", "live")
BLOCK = 100_000  # rows
REALS = ("lower", "upper", "realized", "log_return")  # NULL where nothing is known


@dataclass(frozen=True)
class RowFilter:
    """Which rows of a table are read; what is None or empty does not matter.

    A ledger of hundreds of tickers grows by gigabytes a year as frames: who needs the last
    sessions, or one horizon, asks for them.

    Attributes
    ----------
    since, origin
        Of this origin and later ones; of this origin alone.
    ended_after
        Whose target ended after this day.
    horizon, role, tickers
        Of the forecasts.
    newest
        At most so many rows, the last ones.
    """

    since: dt.date | None = None
    origin: dt.date | None = None
    ended_after: dt.date | None = None
    horizon: int | None = None
    role: str | None = None
    tickers: tuple[str, ...] = ()
    newest: int | None = None

    def clause(self) -> tuple[str, list[str | int]]:
        """Return the end of a query, and its values; the rows come out newest first."""
        asked: dict[str, tuple[str | int, ...]] = {
            "origin >= ?": _text(self.since),
            "origin = ?": _text(self.origin),
            "target_end > ?": _text(self.ended_after),
            "horizon = ?": () if self.horizon is None else (self.horizon,),
            "role = ?": () if self.role is None else (self.role,),
            f"ticker IN ({', '.join('?' * len(self.tickers))})": self.tickers,
        }
        rules = {rule: values for rule, values in asked.items() if values}
        where = f"WHERE {' AND '.join(rules)} " if rules else ""
        values = [value for each in rules.values() for value in each]
        return f"{where}ORDER BY seq DESC LIMIT ?", [*values, self.newest or -1]


def table(
    connection: sqlite3.Connection, name: str, only: RowFilter, columns: Sequence[str]
) -> pd.DataFrame:
    """Return a table in the order of the chain; see `Ledger.table`."""
    if name not in TABLES:
        raise LedgerError(f"the ledger has no table {name!r}; it has {', '.join(TABLES)}")
    clause, values = only.clause()
    cursor = connection.execute(f"SELECT {', '.join(columns) or '*'} FROM {name} {clause}", values)
    return _typed(pd.DataFrame.from_records(cursor.fetchall()[::-1], columns=_names(cursor)))


def blocks(connection: sqlite3.Connection, name: str) -> Iterator[pd.DataFrame]:
    """Yield a table as `table` has it, so many rows at a time; an empty one as one empty block."""
    cursor = connection.execute(f"SELECT * FROM {name} ORDER BY seq")
    rows = cursor.fetchmany(BLOCK)
    while True:
        yield _typed(pd.DataFrame.from_records(rows, columns=_names(cursor)))
        rows = cursor.fetchmany(BLOCK)
        if not rows:
            return


def _names(cursor: sqlite3.Cursor) -> list[str]:
    return [each[0] for each in cursor.description]


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of what SQLite stores with dates, moments and truths."""
    types: dict[str, str] = dict.fromkeys(TRUTHS, "bool") | dict.fromkeys(REALS, "float64")
    frame = frame.astype({name: kind for name, kind in types.items() if name in frame})
    for day in (name for name in DAYS if name in frame):
        frame[day] = pd.to_datetime(frame[day], format="%Y-%m-%d").astype("datetime64[us]")
    for moment in (name for name in MOMENTS if name in frame):
        read = pd.to_datetime(frame[moment], format="%Y-%m-%dT%H:%M:%S.%fZ", utc=True)
        frame[moment] = read.astype("datetime64[us, UTC]")
    return frame


def awaited(connection: sqlite3.Connection, until: dt.date) -> pd.DataFrame:
    """Return the targets that ended and have no outcome yet; see `Ledger.awaited`."""
    columns = ["origin", "target_start", "target_end", "ticker", "horizon"]
    rows = connection.execute(
        f"SELECT DISTINCT {', '.join(columns)} FROM forecasts f WHERE target_end <= ? "
        "AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE (o.origin, o.ticker, o.horizon) = "
        "(f.origin, f.ticker, f.horizon)) ORDER BY seq",
        [to_date(until).isoformat()],
    )
    frame = pd.DataFrame.from_records(rows.fetchall(), columns=columns)
    return frame.assign(**{day: pd.to_datetime(frame[day], format="%Y-%m-%d") for day in DAYS})


def _text(day: dt.date | None) -> tuple[str, ...]:
    return () if day is None else (to_date(day).isoformat(),)


def decisions(
    connection: sqlite3.Connection, *actions: str, key: str | None = None
) -> Iterator[DecisionRow]:
    """Yield the decisions of some actions, of one key, or all; see `Ledger.decisions`."""
    where = f"WHERE action IN ({', '.join('?' * len(actions))})" if actions else ""
    if key is not None:
        where, actions = "WHERE key = ?", (key,)
    names = ("seq", "key", "action", "subject", "reason", "numbers", "who", "why")
    query = f"SELECT {', '.join(names)} FROM decisions {where} ORDER BY seq DESC"
    for row in connection.execute(query, actions):
        record = dict(zip(names, row, strict=True))
        yield DecisionRow(**{**record, "numbers": json.loads(record["numbers"])})


def forecast_rows(
    connection: sqlite3.Connection, newest: int | None = None
) -> Iterator[ForecastRow]:
    """Yield the forecasts, the newest first; all, or so many."""
    columns = ("seq", *COLUMNS["forecasts"])
    cursor = connection.execute(
        f"SELECT {', '.join(columns)} FROM forecasts ORDER BY seq DESC LIMIT ?",
        (-1 if newest is None else newest,),
    )
    for row in cursor:
        yield forecast_row(dict(zip(columns, row, strict=True)))
