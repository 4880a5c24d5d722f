"""What the ledger refuses to write, and what it does not write again."""

from __future__ import annotations

import datetime as dt
import math
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger.records import Decision, Forecast
from volcast.pipeline.ledger.schema import CELL, FORECAST_KEY, Table

# What may differ when the same forecast is made again: the first one that was written counts.
MAY_DIFFER = {"role", "data_vintage", "written_at"}
CLOCK_CORRECTION = dt.timedelta(minutes=5)  # by which a synchronised clock may go back
REVISION = 1e-9  # relative; smaller changes are rounding, of prices on another basis


def check_clock(now: dt.datetime, last_written_at: str, path: Path) -> None:
    """Raise ``LedgerError`` if the clock lies before the newest row by more than a correction.

    Parameters
    ----------
    now
        The clock, with a timezone.
    last_written_at
        When the newest row was written, as stored; empty text if there is none.
    path
        The ledger's file, which the message names.
    """
    if not last_written_at:
        return
    last = dt.datetime.fromisoformat(last_written_at)
    if now < last - CLOCK_CORRECTION:
        raise LedgerError(
            f"the clock says {now.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC, but the newest row of "
            f"the ledger {path} was written at {last:%Y-%m-%d %H:%M} UTC; nothing was written: "
            "correct the clock, or, if the clock of that row was ahead, wait until then or start "
            "another --home"
        )


def find_row(
    connection: sqlite3.Connection, table: Table, key: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the newest stored row of these values; None if there is none."""
    names = tuple(table.columns)
    same = " AND ".join(f"{name} = ?" for name in key)
    row = connection.execute(
        f"SELECT {', '.join(names)} FROM {table.name} WHERE {same} ORDER BY seq DESC LIMIT 1",
        list(key.values()),
    ).fetchone()
    return None if row is None else dict(zip(names, row, strict=True))


def is_new_forecast(
    connection: sqlite3.Connection, table: Table, forecast: Forecast, row: Mapping[str, Any]
) -> bool:
    """Return whether a forecast was not written before.

    Raises
    ------
    LedgerError
        It differs from the one written before, or another champion's forecast was issued.
    """
    stored = find_row(connection, table, {name: row[name] for name in FORECAST_KEY})
    if stored is None:
        _check_champion(connection, table, forecast, row)
        return True
    for name, before in stored.items():
        # A row written before a column was added has no value in it.
        added_later = before is None and table.columns[name].since > 1
        if name not in MAY_DIFFER and not added_later and before != row[name]:
            raise LedgerError(
                f"{forecast} is in the ledger with {name} {before}, not {row[name]}; a forecast is "
                "never changed: register a model that forecasts differently as a version of its own"
            )
    return False


def is_new_outcome(
    connection: sqlite3.Connection, tables: Mapping[str, Table], row: Mapping[str, Any]
) -> bool:
    """Return whether an outcome was not written before, or differs by more than rounding.

    Raises
    ------
    LedgerError
        It belongs to no forecast.
    """
    cell = {name: row[name] for name in CELL}
    stored = find_row(connection, tables["outcomes"], cell)
    if stored is not None:
        return not all(_is_close(stored[name], row[name]) for name in ("realized", "log_return"))
    if find_row(connection, tables["forecasts"], cell) is None:
        raise LedgerError(
            f"the outcome of {row['ticker']}, origin {row['origin']}, horizon {row['horizon']}, "
            "belongs to no forecast; write only outcomes of targets that were forecast"
        )
    return True


def is_new_decision(
    connection: sqlite3.Connection, table: Table, decision: Decision, row: Mapping[str, Any]
) -> bool:
    """Return whether a decision was not written before.

    Raises
    ------
    LedgerError
        Another decision has its key.
    """
    stored = find_row(connection, table, {"key": decision.key})
    for name, before in (stored or {}).items():
        if name != "written_at" and before != row[name]:
            raise LedgerError(
                f"the decision {decision.key!r} is in the ledger with another {name}; a decision "
                "is never changed: write another one with its own key"
            )
    return stored is None


def is_open_alert(connection: sqlite3.Connection, table: Table, name: str, subject: str) -> bool:
    """Return whether an alert was raised and not cleared since."""
    newest = find_row(connection, table, {"name": name, "subject": subject})
    return newest is not None and newest["state"] == "raised"


def _check_champion(
    connection: sqlite3.Connection, table: Table, forecast: Forecast, row: Mapping[str, Any]
) -> None:
    """Raise ``LedgerError`` if another champion's forecast was issued for the same target."""
    if forecast.role != "champion":
        return
    cell = {name: row[name] for name in CELL}
    issued = find_row(connection, table, {**cell, "role": "champion"})
    if issued is not None:
        raise LedgerError(
            f"{forecast} cannot be issued: the forecast of {issued['model']} "
            f"{issued['model_version']} has already been issued; write it as a challenger's, or "
            "wait for the next session"
        )


def _is_close(before: float | None, now: float | None) -> bool:
    if before is None or now is None:
        return before is now
    return math.isclose(before, now, rel_tol=REVISION, abs_tol=REVISION**2)
