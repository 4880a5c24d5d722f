"""Ledger: the append-only record of one home, opened to be written or only read."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pandas as pd

from volcast.pipeline.ledger import chain, queries
from volcast.pipeline.ledger.chain import Head
from volcast.pipeline.ledger.columns import format_moment
from volcast.pipeline.ledger.database import (
    explain_errors,
    open_to_read,
    open_to_write,
    transaction,
)
from volcast.pipeline.ledger.deadline import find_deadline
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.records import (
    Alert,
    Decision,
    DecisionRow,
    Forecast,
    ForecastRow,
    Outcome,
)
from volcast.pipeline.ledger.schema import CHAIN, SCHEMA, Schema
from volcast.pipeline.ledger.write_checks import (
    check_clock,
    is_new_decision,
    is_new_forecast,
    is_new_outcome,
    is_open_alert,
)


class Ledger:
    """The ledger of one home; a context manager that closes it.

    Each write is one transaction: afterwards all its rows are on the disk, or none is. `now` is
    the moment of writing; a clock before the newest row is refused, or, if it was corrected by
    minutes, replaced by the time of that row: no forecast can look earlier than it was.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
        self.connection, self.path, self.schema = connection, path, schema

    @classmethod
    def to_write(cls, path: Path, schema: Schema = SCHEMA) -> Self:
        """Open the ledger at `path`, created if missing and upgraded if its format is earlier.

        Raises
        ------
        StorageError
            The file cannot be written, or another process is using it.
        LedgerError
            The file is damaged, or of a later format.
        """
        return cls(open_to_write(path, schema), path, schema)

    @classmethod
    def to_read(cls, path: Path, schema: Schema = SCHEMA) -> Self:
        """Open the ledger at `path` to be read, whatever its format; nothing can be written.

        Raises
        ------
        LedgerError
            There is no ledger, or it is damaged or of a later format.
        """
        return cls(open_to_read(path, schema), path, schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def add_forecasts(self, forecasts: Sequence[Forecast], *, now: dt.datetime) -> int:
        """Write the forecasts that are not in the ledger yet; return their number.

        A forecast of the same origin, ticker, horizon, model and model version as one written
        before changes nothing, whatever its role is now.

        Raises
        ------
        LedgerError
            A forecast differs from the one written before, another champion's forecast was issued
            for the same target, or a variance is not a positive number. Nothing is written then.
        """
        table = self.schema.tables["forecasts"]
        rows = []
        for forecast in forecasts:
            forecast.check_variance()
            rows.append(table.encode(forecast, deadline=find_deadline(forecast)))
        added = 0
        with self._writing(now) as (written_at, head):
            for forecast, row in zip(forecasts, rows, strict=True):
                if is_new_forecast(self.connection, table, forecast, row):
                    row["written_at"] = written_at
                    head = chain.append_row(self.connection, table, row, head)
                    added += 1
        return added

    def add_outcomes(self, outcomes: Sequence[Outcome], *, now: dt.datetime) -> int:
        """Write the outcomes that are new or revised; return their number.

        A revision is another row; the newest counts. A change within rounding is not a revision.

        Raises
        ------
        LedgerError
            An outcome belongs to no forecast. Nothing is written then.
        """
        table, added = self.schema.tables["outcomes"], 0
        with self._writing(now) as (written_at, head):
            for outcome in outcomes:
                row = table.encode(outcome) | {"written_at": written_at}
                if is_new_outcome(self.connection, self.schema.tables, row):
                    head = chain.append_row(self.connection, table, row, head)
                    added += 1
        return added

    def add_decision(self, decision: Decision, *, now: dt.datetime) -> bool:
        """Write a decision; return whether it was new.

        Raises
        ------
        LedgerError
            Another decision has its key.
        """
        table = self.schema.tables["decisions"]
        row = table.encode(decision)
        with self._writing(now) as (written_at, head):
            is_new = is_new_decision(self.connection, table, decision, row)
            if is_new:
                row["written_at"] = written_at
                chain.append_row(self.connection, table, row, head)
        return is_new

    def raise_alert(
        self, name: str, subject: str, message: str, numbers: Mapping[str, Any], *, now: dt.datetime
    ) -> bool:
        """Write an alert unless it is open already; return whether it was new."""
        return self._add_alert(Alert(name, subject, "raised", message, numbers), now)

    def clear_alert(
        self, name: str, subject: str, message: str, numbers: Mapping[str, Any], *, now: dt.datetime
    ) -> bool:
        """Write that an open alert is over; return whether it was open."""
        return self._add_alert(Alert(name, subject, "cleared", message, numbers), now)

    def open_alerts(self) -> pd.DataFrame:
        """Return the alerts that were raised and not cleared since, the oldest first."""
        alerts = self.table("alerts")
        newest = alerts.groupby(["name", "subject"], sort=False).tail(1)
        return pd.DataFrame(newest[newest["state"] == "raised"].reset_index(drop=True))

    def table(
        self, name: str, rows: RowFilter | None = None, *, columns: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return a table, or part of it, in the order of the chain.

        Parameters
        ----------
        name
            forecasts, outcomes, decisions, alerts, or scored: each forecast with the newest of
            its outcomes.
        rows
            Which rows; all by default.
        columns
            Which columns; all by default.

        Returns
        -------
        DataFrame
            Dates are datetime64, moments are in UTC, flags are booleans; NaN and None if there is
            no value.

        Raises
        ------
        LedgerError
            There is no such table, or the file is damaged.
        """
        with explain_errors(self.path):
            selected = rows or RowFilter()
            return queries.read_table(self.connection, self.schema, name, selected, columns)

    def iter_blocks(self, name: str) -> Iterator[pd.DataFrame]:
        """Yield a table as `table` returns it, in parts that fit in memory."""
        with explain_errors(self.path):
            yield from queries.iter_blocks(self.connection, self.schema, name)

    def forecast_rows(self, newest: int | None = None) -> Iterator[ForecastRow]:
        """Yield the forecasts, the newest first; all of them, or the `newest` ones."""
        condition, values = RowFilter(newest=newest).to_sql()
        with explain_errors(self.path):
            yield from self._records("forecasts", condition, values)

    def decisions(self, *actions: str) -> Iterator[DecisionRow]:
        """Yield the decisions of these actions, or all of them, the newest first."""
        where = f"WHERE action IN ({', '.join('?' * len(actions))}) " if actions else ""
        with explain_errors(self.path):
            yield from self._records("decisions", f"{where}ORDER BY seq DESC", actions)

    def decision(self, key: str) -> DecisionRow | None:
        """Return the decision of that key; None if it was not written."""
        with explain_errors(self.path):
            return next(self._records("decisions", "WHERE key = ?", [key]), None)

    def pending_targets(self, until: dt.date) -> pd.DataFrame:
        """Return the targets without an outcome that end at the session `until` or before.

        Returns
        -------
        DataFrame
            `origin, target_start, target_end, ticker, horizon`, each target once.
        """
        with explain_errors(self.path):
            return queries.read_pending_targets(self.connection, until)

    def issued(self, origin: dt.date) -> pd.DataFrame:
        """Return the forecasts that were issued at an origin: the champion's."""
        return self.table("forecasts", RowFilter(origin=origin, role="champion"))

    def last_origin(
        self, *, before: int | None = None, ticker: str | None = None
    ) -> dt.date | None:
        """Return the latest origin of the forecasts; None if there is no forecast.

        Parameters
        ----------
        before
            Only of rows before this number of the chain.
        ticker
            Only of this ticker.
        """
        conditions = {"seq < ?": before, "ticker = ?": ticker}
        used = {condition: value for condition, value in conditions.items() if value is not None}
        where = f" WHERE {' AND '.join(used)}" if used else ""
        with explain_errors(self.path):
            query = f"SELECT max(origin) FROM forecasts{where}"
            (latest,) = self.connection.execute(query, list(used.values())).fetchone()
        return dt.date.fromisoformat(latest) if latest else None

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Read one state of the file, whatever other processes write meanwhile."""
        with explain_errors(self.path):
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self.connection.execute("ROLLBACK")

    def head(self) -> Head:
        """Return number and hash of the last row."""
        with explain_errors(self.path):
            return chain.read_head(self.connection)

    def has_row(self, row: Head) -> bool:
        """Return whether the row of that number has that hash."""
        with explain_errors(self.path):
            query = f"SELECT 1 FROM {CHAIN} WHERE (seq, hash) = (?, ?)"
            return self.connection.execute(query, (row.seq, row.hash)).fetchone() is not None

    @contextmanager
    def _writing(self, now: dt.datetime) -> Iterator[tuple[str, Head]]:
        """Hold one transaction; yield the time of writing and the head of the chain."""
        clock = format_moment(now)
        with transaction(self.connection, self.path):
            last, head = chain.last_written_at(self.connection), chain.read_head(self.connection)
            yield max(clock, last), head
            if chain.read_head(self.connection) != head:  # what changes nothing needs no clock
                check_clock(now, last, self.path)

    def _records(self, name: str, condition: str, values: Sequence[Any]) -> Iterator[Any]:
        return queries.iter_records(self.connection, self.schema, name, condition, values)

    def _add_alert(self, alert: Alert, now: dt.datetime) -> bool:
        table = self.schema.tables["alerts"]
        row = table.encode(alert)
        with self._writing(now) as (written_at, head):
            is_open = is_open_alert(self.connection, table, alert.name, alert.subject)
            changes = is_open == (alert.state == "cleared")
            if changes:
                row["written_at"] = written_at
                chain.append_row(self.connection, table, row, head)
        return changes
