"""Ledgers of an earlier format: upgraded in place to be written, completed to be read.

An upgrade adds columns. It moves every row into a table that has them, in one transaction: a
process killed at any moment leaves the old ledger or the new one. Rows and their hashes stay as
they are, for a hash covers a later column only where it has a value (`Table.hashed_values`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from volcast.pipeline.ledger.schema import Schema, Table

OLD = "_before_upgrade"  # suffix of a table while its rows are moved


def read_format(connection: sqlite3.Connection) -> int:
    """Return the format that the file says it has; 0 if it is not a ledger."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def find_changed_statement(connection: sqlite3.Connection, statements: Sequence[str]) -> str | None:
    """Return the beginning of the first of these statements that the file was not made by."""
    stored = {row[0] for row in connection.execute("SELECT sql FROM sqlite_master")}
    changed = (statement for statement in statements if statement not in stored)
    return next((" ".join(each.split("(")[0].split()[:4]) for each in changed), None)


def upgrade_tables(connection: sqlite3.Connection, schema: Schema) -> None:
    """Give the file the tables of `schema`, inside the caller's transaction.

    The file must have the tables of its own format; foreign keys must be off, as they are on a
    new connection.
    """
    earlier = schema.at_format(read_format(connection))
    existing = {name: table.create for name, table in earlier.tables.items()}
    for kind, name in _find_dependents(connection, earlier):
        connection.execute(f"DROP {kind} {name}")
    for name, table in schema.tables.items():
        if table.create != existing[name]:
            _move_rows(connection, table, tuple(earlier.tables[name].columns))
    for statement in schema.statements[len(schema.table_statements) :]:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {schema.format}")


def add_missing_columns(connection: sqlite3.Connection, schema: Schema) -> None:
    """Let a connection that only reads an earlier format see the columns of `schema`, as NULL.

    Temporary views, which the file does not contain, take the place of the tables.
    """
    earlier = schema.at_format(read_format(connection))
    for name, table in schema.tables.items():
        missing = table.columns.keys() - earlier.tables[name].columns.keys()
        columns = [f"NULL AS {column}" if column in missing else column for column in table.columns]
        selected = ", ".join(("seq", *columns, *table.computed))
        connection.execute(f"CREATE TEMP VIEW {name} AS SELECT {selected} FROM main.{name}")
    connection.execute(schema.create_view.replace("CREATE VIEW", "CREATE TEMP VIEW"))


def _find_dependents(connection: sqlite3.Connection, schema: Schema) -> list[tuple[str, str]]:
    """Return kind and name of the ledger's own triggers, indexes and views, triggers first."""
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view', 'index') "
        "ORDER BY type = 'trigger' DESC"
    ).fetchall()
    return [(kind, name) for kind, name, sql in rows if sql in schema.statements]


def _move_rows(connection: sqlite3.Connection, table: Table, columns: tuple[str, ...]) -> None:
    """Make the table again, with all its columns, and fill those that it had."""
    names = ", ".join(("seq", *columns))
    # Otherwise SQLite would change views and triggers of the user's own to the table's new name.
    connection.execute("PRAGMA legacy_alter_table = ON")
    connection.execute(f"ALTER TABLE {table.name} RENAME TO {table.name}{OLD}")
    connection.execute(table.create)
    connection.execute(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {table.name}{OLD}")
    connection.execute(f"DROP TABLE {table.name}{OLD}")
