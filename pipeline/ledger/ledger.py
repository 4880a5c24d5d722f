"""Ledger: opened for writing, or for reading alone."""

from __future__ import annotations

import datetime as dt
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pandas as pd

from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger import chain, queries
from volcast.pipeline.ledger.chain import Head
from volcast.pipeline.ledger.database import explained, open_to_read, open_to_write, transaction
from volcast.pipeline.ledger.deadline import deadline
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.records import (
    Decision,
    DecisionRow,
    Forecast,
    ForecastRow,
    Outcome,
    forecast_values,
    moment_text,
    numbers_text,
    real,
    to_date,
)
from volcast.pipeline.ledger.schema import CELL, CHAIN, COLUMNS, FORECAST_KEY

# What may differ when the same forecast is made again: the first one written stands.
OF_THE_WRITING = {"role", "data_vintage", "written_at"}
REVISION = 1e-9  # relative; smaller changes are rounding, of prices on another basis


class Ledger:
    """The ledger of one home; a context manager that closes it.

    Every write is one transaction: all its rows are there afterwards, on the disk, or none is.
    What is written at ``now`` by a clock that went back is taken as written when the row before
    it was: no forecast can be made to look earlier than it was.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection, self.path = connection, path

    @classmethod
    def to_write(cls, path: Path) -> Self:
        """Open the ledger at `path`, made if missing; ``LedgerError`` where it cannot be."""
        return cls(open_to_write(path), path)

    @classmethod
    def to_read(cls, path: Path) -> Self:
        """Open the ledger at `path`, which must exist; nothing can be written."""
        return cls(open_to_read(path), path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def add_forecasts(self, forecasts: Sequence[Forecast], *, now: dt.datetime) -> int:
        """Write those forecasts that are not there yet; return how many.

        The same origin, ticker, horizon, model and model version again changes nothing, whatever
        its role is now.

        Raises
        ------
        LedgerError
            A forecast differs from the one written before, another champion's forecast went out
            for the same target, or a variance is no positive number. Nothing is written then.
        """
        made = [forecast_values(each, _deadline(each)) for each in forecasts]
        added = 0
        with self._writing(now) as (written_at, end):
            for forecast, values in zip(forecasts, made, strict=True):
                record = dict(zip(COLUMNS["forecasts"], (*values, written_at), strict=True))
                stored = self._stored(record)
                if stored is None:
                    self._refuse_second_champion(forecast, record)
                    end = chain.append(self.connection, "forecasts", list(record.values()), end)
                    added += 1
                else:
                    _refuse_difference(forecast, stored, record)
        return added

    def add_outcomes(self, outcomes: Sequence[Outcome], *, now: dt.datetime) -> int:
        """Write the outcomes that are new, or revise one written before; return how many.

        A revision is another row; the newest counts. A change within rounding is none.

        Raises
        ------
        LedgerError
            An outcome belongs to no forecast. Nothing is written then.
        """
        added = 0
        with self._writing(now) as (written_at, end):
            for outcome in outcomes:
                cell = (to_date(outcome.origin).isoformat(), outcome.ticker, int(outcome.horizon))
                numbers = (real(outcome.realized), real(outcome.log_return))
                if self._is_news(cell, numbers):
                    values = (*cell, *numbers, outcome.source_hash, written_at)
                    end = chain.append(self.connection, "outcomes", values, end)
                    added += 1
        return added

    def add_decision(self, decision: Decision, *, now: dt.datetime) -> bool:
        """Write a decision; return whether it was new.

        Raises
        ------
        LedgerError
            Another decision has the key.
        """
        values = (
            *(decision.key, decision.action, decision.subject, numbers_text(decision.numbers)),
            *(decision.reason, decision.who, decision.why),
        )
        names = COLUMNS["decisions"][:-1]
        with self._writing(now) as (written_at, end):
            stored = self._one(
                f"SELECT {', '.join(names)} FROM decisions WHERE key = ?", [decision.key]
            )
            if stored is None:
                chain.append(self.connection, "decisions", (*values, written_at), end)
            elif stored != values:
                name = next(n for n, a, b in zip(names, stored, values, strict=True) if a != b)
                raise LedgerError(
                    f"the decision {decision.key!r} is in the ledger with another {name}; a "
                    "decision is never changed: write another under a key of its own"
                )
        return stored is None

    def raise_alert(
        self, name: str, subject: str, message: str, numbers: Mapping[str, Any], *, now: dt.datetime
    ) -> bool:
        """Write an alert unless it stands already; return whether it was new."""
        return self._alert((name, subject, "raised", message, numbers_text(numbers)), now)

    def clear_alert(
        self, name: str, subject: str, message: str, numbers: Mapping[str, Any], *, now: dt.datetime
    ) -> bool:
        """Write that an alert is over; return whether it stood."""
        return self._alert((name, subject, "cleared", message, numbers_text(numbers)), now)

    def open_alerts(self) -> pd.DataFrame:
        """Return the alerts that stand, oldest first."""
        alerts = self.table("alerts")
        newest = alerts.groupby(["name", "subject"], sort=False).tail(1)
        return pd.DataFrame(newest[newest["state"] == "raised"].reset_index(drop=True))

    def table(
        self, name: str, only: RowFilter | None = None, *, columns: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return a table: forecasts, outcomes, decisions, alerts, or scored; whole, or in part.

        `scored` has each forecast beside the newest of its outcomes. Dates are dates, moments are
        in UTC, truths are booleans; NaN and None where nothing is known.

        Raises
        ------
        LedgerError
            It has no such table, or is damaged.
        """
        with explained(self.path):
            return queries.table(self.connection, name, only or RowFilter(), columns)

    def blocks(self, name: str) -> Iterator[pd.DataFrame]:
        """Yield a table as `table` has it, a part at a time, however long it is."""
        with explained(self.path):
            yield from queries.blocks(self.connection, name)

    def forecast_rows(self, newest: int | None = None) -> Iterator[ForecastRow]:
        """Yield the forecasts, the newest first; all, or so many."""
        with explained(self.path):
            yield from queries.forecast_rows(self.connection, newest)

    def decisions(self, *actions: str) -> Iterator[DecisionRow]:
        """Yield the decisions of some actions, or all of them, the newest first."""
        with explained(self.path):
            yield from queries.decisions(self.connection, *actions)

    def decision(self, key: str) -> DecisionRow | None:
        """Return the decision of that key, if it was written."""
        with explained(self.path):
            return next(queries.decisions(self.connection, key=key), None)

    def awaited(self, until: dt.date) -> pd.DataFrame:
        """Return `origin, target_start, target_end, ticker, horizon` of targets without an outcome.

        Those that end at the session `until` or before, each once.
        """
        with explained(self.path):
            return queries.awaited(self.connection, until)

    def issued(self, origin: dt.date) -> pd.DataFrame:
        """Return the champion's forecasts of an origin: what went out."""
        return self.table("forecasts", RowFilter(origin=origin, role="champion"))

    def last_origin(
        self, *, before: int | None = None, ticker: str | None = None
    ) -> dt.date | None:
        """Return the latest origin that was forecast from; None where there is no forecast.

        In the rows before a number, or for a ticker, where one is named.
        """
        asked = {"seq < ?": before, "ticker = ?": ticker}
        rules = {rule: value for rule, value in asked.items() if value is not None}
        where = f" WHERE {' AND '.join(rules)}" if rules else ""
        with explained(self.path):
            found = self._one(f"SELECT max(origin) FROM forecasts{where}", list(rules.values()))
        return dt.date.fromisoformat(found[0]) if found and found[0] else None

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Hold one state of the file while it is read: writers go on unseen."""
        with explained(self.path):
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self.connection.execute("ROLLBACK")

    def head(self) -> Head:
        """Return number and hash of the last row, to be noted outside."""
        with explained(self.path):
            return chain.head(self.connection)

    def has(self, number: int, digest: str) -> bool:
        """Return whether the row of that number has that hash."""
        with explained(self.path):
            row = (number, digest)
            return self._one(f"SELECT 1 FROM {CHAIN} WHERE (seq, hash) = (?, ?)", row) is not None

    @contextmanager
    def _writing(self, now: dt.datetime) -> Iterator[tuple[str, Head]]:
        """Hold one transaction; give the time of writing, and the end of the chain."""
        clock = moment_text(now)
        with transaction(self.connection, self.path):
            yield max(clock, chain.last_written(self.connection)), chain.head(self.connection)

    def _one(self, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self.connection.execute(query, values).fetchone()
        return found

    def _stored(self, record: dict[str, Any]) -> tuple[Any, ...] | None:
        same = " AND ".join(f"{name} = ?" for name in FORECAST_KEY)
        return self._one(
            f"SELECT {', '.join(COLUMNS['forecasts'])} FROM forecasts WHERE {same}",
            [record[name] for name in FORECAST_KEY],
        )

    def _refuse_second_champion(self, forecast: Forecast, record: dict[str, Any]) -> None:
        if forecast.role != "champion":
            return
        out = self._one(
            "SELECT model, model_version FROM forecasts WHERE role = 'champion' "
            "AND (origin, ticker, horizon) = (?, ?, ?)",
            [record[name] for name in CELL],
        )
        if out is not None:
            raise LedgerError(
                f"{forecast} cannot go out: that of {out[0]} {out[1]} has gone out already; write "
                "it as a challenger's, or wait for the next session"
            )

    def _is_news(self, cell: tuple[Any, ...], numbers: tuple[float | None, ...]) -> bool:
        where = "WHERE (origin, ticker, horizon) = (?, ?, ?)"
        newest = f"SELECT realized, log_return FROM outcomes {where} ORDER BY seq DESC LIMIT 1"
        stored = self._one(newest, cell)
        if stored is not None:
            return not all(_same(a, b) for a, b in zip(stored, numbers, strict=True))
        if self._one(f"SELECT 1 FROM forecasts {where}", cell) is None:
            raise LedgerError(
                f"the outcome of {cell[1]}, origin {cell[0]}, horizon {cell[2]}, belongs to no "
                "forecast; write outcomes of what was forecast only"
            )
        return True

    def _alert(self, values: tuple[str, ...], now: dt.datetime) -> bool:
        with self._writing(now) as (written_at, end):
            newest = "SELECT state FROM alerts WHERE (name, subject) = (?, ?) ORDER BY seq DESC"
            stands = self._one(f"{newest} LIMIT 1", values[:2]) == ("raised",)
            changes = stands == (values[2] == "cleared")
            if changes:
                chain.append(self.connection, "alerts", (*values, written_at), end)
        return changes


def _deadline(forecast: Forecast) -> dt.datetime:
    origin, start = to_date(forecast.origin), to_date(forecast.target_start)
    return deadline(forecast.calendar, origin, start)


def _refuse_difference(forecast: Forecast, stored: tuple[Any, ...], record: dict[str, Any]) -> None:
    for (name, now), before in zip(record.items(), stored, strict=True):
        if name not in OF_THE_WRITING and before != now:
            raise LedgerError(
                f"{forecast} is in the ledger with {name} {before}, not {now}; a forecast is never "
                "changed: give a model that forecasts otherwise a version of its own"
            )


def _same(before: float | None, now: float | None) -> bool:
    if before is None or now is None:
        return before is now
    return math.isclose(before, now, rel_tol=REVISION, abs_tol=REVISION**2)
