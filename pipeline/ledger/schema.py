"""The tables of the ledger's file, built from the records: SQL, hash order and formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, get_type_hints

from volcast.pipeline.ledger.columns import Column
from volcast.pipeline.ledger.records import AlertRow, DecisionRow, ForecastRow, OutcomeRow

CHAIN = "chain"

# The order in which the hash of format 1 covers the columns. It never changes: a column that is
# added later is hashed as a pair of its name and value, and only in rows that have a value.
FORMAT_1: dict[str, tuple[str, ...]] = {
    "forecasts": (
        *("origin", "target_start", "target_end", "horizon", "ticker"),
        *("model", "model_version", "role", "calendar"),
        *("data_vintage", "data_hash", "config_hash"),
        *("variance", "lower", "upper", "clipped", "fallback"),
        *("deadline", "written_at"),
    ),
    "outcomes": (
        *("origin", "ticker", "horizon"),
        *("realized", "log_return", "source_hash", "written_at"),
    ),
    "decisions": ("key", "action", "subject", "numbers", "reason", "who", "why", "written_at"),
    "alerts": ("name", "subject", "state", "message", "numbers", "written_at"),
}
FORECAST_KEY = ("origin", "ticker", "horizon", "model", "model_version")
CELL = ("origin", "ticker", "horizon")  # what an outcome belongs to
UNIQUE: dict[str, tuple[tuple[str, ...], ...]] = {
    CHAIN: (("seq",), ("hash",)),
    "forecasts": (("seq",), FORECAST_KEY),
    "outcomes": (("seq",),),
    "decisions": (("seq",), ("key",)),
    "alerts": (("seq",),),
}
# Columns that SQLite computes: nobody can write them, and the hash leaves them out.
COMPUTED = {"forecasts": {"live": (Column("flag"), "written_at < deadline")}}

CREATE_CHAIN = """CREATE TABLE chain (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('forecasts', 'outcomes', 'decisions', 'alerts')),
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64)
) STRICT"""
INDEXES = (
    f"CREATE UNIQUE INDEX one_forecast ON forecasts ({', '.join(FORECAST_KEY)})",
    "CREATE UNIQUE INDEX one_champion ON forecasts (origin, ticker, horizon) "
    "WHERE role = 'champion'",
    "CREATE INDEX outcomes_of ON outcomes (origin, ticker, horizon, seq)",
    "CREATE UNIQUE INDEX one_decision ON decisions (key)",
    "CREATE INDEX alerts_of ON alerts (name, subject, seq)",
)
# Each forecast with the newest of its outcomes.
CREATE_VIEW = """CREATE VIEW scored AS
SELECT f.*, {realized}, o.log_return, o.written_at AS outcome_written_at,
    (SELECT count(*) FROM outcomes r WHERE (r.origin, r.ticker, r.horizon)
        = (f.origin, f.ticker, f.horizon)) AS outcome_rows
FROM forecasts f LEFT JOIN outcomes o ON o.seq =
    (SELECT max(n.seq) FROM outcomes n WHERE (n.origin, n.ticker, n.horizon)
        = (f.origin, f.ticker, f.horizon))"""


@dataclass(frozen=True)
class Table:
    """One table of the ledger.

    Attributes
    ----------
    name
        Its name in the file.
    record
        The class that its rows are read as.
    columns
        By name, in the order of the file: those of format 1, then the later ones by format and
        name. `seq` precedes them and is not listed.
    """

    name: str
    record: type[Any]
    columns: Mapping[str, Column]

    @property
    def computed(self) -> dict[str, tuple[Column, str]]:
        """Column and expression of the columns that SQLite computes, by name."""
        return COMPUTED.get(self.name, {})

    @property
    def create(self) -> str:
        """The statement that creates the table."""
        lines = ["seq INTEGER PRIMARY KEY REFERENCES chain (seq)"]
        lines += [column.declaration(name) for name, column in self.columns.items()]
        lines += [
            f"{name} INTEGER GENERATED ALWAYS AS ({expression}) VIRTUAL"
            for name, (_, expression) in self.computed.items()
        ]
        return f"CREATE TABLE {self.name} (\n    " + ",\n    ".join(lines) + "\n) STRICT"

    def encode(self, record: Any, **others: Any) -> dict[str, Any]:
        """Return the row of a record as SQLite stores it.

        `others` are values by name that are not fields of the record; what neither has is None,
        such as the time of writing, which is known once the transaction has begun.
        """
        values = {name: others.get(name, getattr(record, name, None)) for name in self.columns}
        return {name: column.encode(values[name]) for name, column in self.columns.items()}

    def decode(self, row: Mapping[str, Any]) -> Any:
        """Return a stored row, with `seq`, as a record."""
        values = {name: column.decode(row[name]) for name, column in self.columns.items()}
        return self.record(seq=row["seq"], **values)

    def hashed_values(self, row: Mapping[str, Any]) -> list[Any]:
        """Return what the hash covers: columns of format 1, and [name, value] of later ones.

        A later column without a value is left out, so that rows written before it was added
        keep their hashes.
        """
        first = [row[name] for name in FORMAT_1[self.name]]
        return first + [[name, row[name]] for name in self._later if row[name] is not None]

    @cached_property
    def _later(self) -> tuple[str, ...]:
        return tuple(name for name, column in self.columns.items() if column.since > 1)


@dataclass(frozen=True)
class Schema:
    """All tables of one format of the ledger."""

    tables: Mapping[str, Table]

    @cached_property
    def format(self) -> int:
        """The number of the format, stored as PRAGMA user_version."""
        columns = (each for table in self.tables.values() for each in table.columns.values())
        return max(column.since for column in columns)

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """The statements that make an empty ledger."""
        tables = [table.create for table in self.tables.values()]
        return (CREATE_CHAIN, *tables, *INDEXES, self.create_view, *_triggers())

    @property
    def create_view(self) -> str:
        """The statement that makes the view of scored forecasts.

        An outcome is in the level of its forecast. Forecasts of the first format have no factor.
        """
        has_factor = "level_factor" in self.tables["forecasts"].columns
        scaled = "o.realized * coalesce(f.level_factor, 1.0) AS realized"
        return CREATE_VIEW.format(realized=scaled if has_factor else "o.realized")

    @property
    def table_statements(self) -> tuple[str, ...]:
        """The statements that make the tables alone."""
        return (CREATE_CHAIN, *(table.create for table in self.tables.values()))

    @cached_property
    def dtypes(self) -> dict[str, str]:
        """The dtype in frames of each column that is not read as it is stored."""
        columns = {n: c for table in self.tables.values() for n, c in table.columns.items()}
        columns |= {n: c for table in self.tables.values() for n, (c, _) in table.computed.items()}
        columns["outcome_written_at"] = columns["written_at"]
        dtypes = {name: column.dtype for name, column in columns.items()}
        return {name: dtype for name, dtype in dtypes.items() if dtype not in ("object", "int64")}

    def at_format(self, format: int) -> Schema:
        """Return the schema of an earlier format."""
        return Schema(
            {
                name: replace(
                    table,
                    columns={n: c for n, c in table.columns.items() if c.since <= format},
                )
                for name, table in self.tables.items()
            }
        )


def build_schema(records: Mapping[str, type[Any]]) -> Schema:
    """Return the schema of tables whose columns are declared by the fields of record classes."""
    return Schema({name: _build_table(name, record) for name, record in records.items()})


def _build_table(name: str, record: type[Any]) -> Table:
    hints = get_type_hints(record, include_extras=True)
    declared = {
        field: each
        for field, hint in hints.items()
        for each in getattr(hint, "__metadata__", ())
        if isinstance(each, Column)
    }
    later = {field: column for field, column in declared.items() if column.since > 1}
    unplaced = declared.keys() - later.keys() - set(FORMAT_1[name])
    if unplaced:
        raise ValueError(
            f"{record.__name__} declares {', '.join(sorted(unplaced))}, which format 1 of the "
            "ledger did not have; give the Column the next format as `since`"
        )
    order = sorted(later, key=lambda field: (later[field].since, field))
    return Table(name, record, {field: declared[field] for field in (*FORMAT_1[name], *order)})


def _triggers() -> list[str]:
    """Return the triggers that refuse to change, remove or replace a row."""
    triggers = []
    for table, keys in UNIQUE.items():
        refused = f"RAISE(ABORT, 'the ledger is append-only: no row of {table} is"
        for verb, done in (("UPDATE", "changed"), ("DELETE", "removed")):
            triggers.append(
                f"CREATE TRIGGER {table}_never_{done} BEFORE {verb} ON {table} "
                f"BEGIN SELECT {refused} ever {done}'); END"
            )
        same = " OR ".join(_equal(key) for key in keys)
        if table == "forecasts":
            same += f" OR {_equal((*CELL, 'role'))} AND role = 'champion'"
        # INSERT OR REPLACE removes the old row without asking the DELETE trigger.
        triggers.append(
            f"CREATE TRIGGER {table}_never_replaced BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
            f"BEGIN SELECT {refused} ever replaced'); END"
        )
    return triggers


def _equal(key: Sequence[str]) -> str:
    return f"({', '.join(key)}) = ({', '.join(f'NEW.{name}' for name in key)})"


SCHEMA = build_schema(
    {
        "forecasts": ForecastRow,
        "outcomes": OutcomeRow,
        "decisions": DecisionRow,
        "alerts": AlertRow,
    }
)
COLUMNS = {name: tuple(table.columns) for name, table in SCHEMA.tables.items()}
