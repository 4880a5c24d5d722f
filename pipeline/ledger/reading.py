"""The ledger's tables as frames, and its forecasts as records."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pandas as pd

from pipeline.errors import LedgerError
from pipeline.ledger.records import ForecastRow, forecast_row
from pipeline.ledger.schema import COLUMNS

TABLES = (*COLUMNS, "scored")
DAYS = ("origin", "target_start", "target_end")
MOMENTS = ("data_vintage", "deadline", "written_at", "outcome_written_at")
TRUTHS = ("clipped", "fallback", "live")
REALS = ("lower", "upper", "realized", "log_return")  # NULL where nothing is known


def table(connection: sqlite3.Connection, name: str) -> pd.DataFrame:
    """Return a whole table in the order of the chain; see `Ledger.table`."""
    if name not in TABLES:
        raise LedgerError(f"the ledger has no table {name!r}; it has {', '.join(TABLES)}")
    cursor = connection.execute(f"SELECT * FROM {name} ORDER BY seq")
    columns = [each[0] for each in cursor.description]
    frame = pd.DataFrame.from_records(cursor.fetchall(), columns=columns)
    types: dict[str, str] = dict.fromkeys(TRUTHS, "bool") | dict.fromkeys(REALS, "float64")
    frame = frame.astype({name: kind for name, kind in types.items() if name in frame})
    for day in (name for name in DAYS if name in frame):
        frame[day] = pd.to_datetime(frame[day], format="%Y-%m-%d").astype("datetime64[us]")
    for moment in (name for name in MOMENTS if name in frame):
        read = pd.to_datetime(frame[moment], format="%Y-%m-%dT%H:%M:%S.%fZ", utc=True)
        frame[moment] = read.astype("datetime64[us, UTC]")
    return frame


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
