"""Verification that the ledger is as it was written: the chain recomputed from its beginning."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger.chain import GENESIS, Head, iter_rows, read_head, row_hash
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.schema import CHAIN, Schema, Table
from volcast.pipeline.ledger.upgrade import find_changed_statement, read_format

HASH_LENGTH = 64  # hexadecimal digits of a SHA-256
MINIMUM_DIGITS = 12  # 48 bits: no two rows of any ledger will begin alike by chance


@dataclass(frozen=True)
class VerifyResult:
    """What was verified: the number of rows of each table, and the head of the chain."""

    rows: dict[str, int]
    head: Head


def verify(ledger: Ledger, *, head: str | None = None) -> VerifyResult:
    """Recompute the chain from its beginning, and check tables, triggers and the file.

    Parameters
    ----------
    ledger
        Open, to be read or to be written.
    head
        The hash of a row, kept outside the ledger, or its first 12 digits or more; the chain must
        still contain it. Only this detects a chain that was rewritten from its beginning.

    Raises
    ------
    LedgerError
        A row was altered, removed or inserted: the first one is named. Or a trigger is missing,
        the file is damaged, or no row has the hash `head`.
    """
    digits = _parse_digits(head)
    with ledger.snapshot() as connection:
        schema = ledger.schema.at_format(read_format(connection))
        _check_statements(connection, ledger, schema.table_statements)
        problem = min(_find_problems(connection, ledger.schema), default=None)
        if problem is not None:
            raise LedgerError(f"the ledger {ledger.path} was tampered with: {problem[1]}")
        _check_statements(connection, ledger, schema.statements)
        _check_integrity(connection, ledger)
        _check_head(connection, ledger, digits)
        rows = {name: _count_rows(connection, name) for name in schema.tables}
        return VerifyResult(rows, read_head(connection))


def describe_row(table: str, row: Mapping[str, Any]) -> str:
    """Return what messages call a stored row.

    Examples
    --------
    >>> describe_row("alerts", {"name": "stale data"})
    "the alert 'stale data'"
    """
    if table in ("forecasts", "outcomes"):
        model = f" of {row['model']} {row['model_version']}" if table == "forecasts" else ""
        return (
            f"the {table[:-1]}{model} for {row['ticker']}, origin {row['origin']}, "
            f"horizon {row['horizon']}"
        )
    return f"the {table[:-1]} {row['key' if table == 'decisions' else 'name']!r}"


def _check_statements(
    connection: sqlite3.Connection, ledger: Ledger, statements: Sequence[str]
) -> None:
    """Raise ``LedgerError`` unless the file has these tables, indexes, views and triggers."""
    changed = find_changed_statement(connection, statements)
    if changed is not None:
        raise LedgerError(
            f"the ledger {ledger.path} was tampered with ({changed} ... differs from its "
            "definition); restore your latest backup"
        )


def _find_problems(connection: sqlite3.Connection, schema: Schema) -> list[tuple[int, str]]:
    """Return number and description: of the first wrong row of the chain, and of rows outside."""
    problems = [_find_broken_row(connection, schema)]
    for table in schema.tables:
        stray = connection.execute(
            f"SELECT min(seq) FROM {table} WHERE seq NOT IN (SELECT seq FROM chain WHERE kind = ?)",
            (table,),
        ).fetchone()[0]
        if stray is not None:
            problems.append((stray, f"row {stray}, of {table}, was inserted outside the chain"))
    return [each for each in problems if each is not None]


def _find_broken_row(connection: sqlite3.Connection, schema: Schema) -> tuple[int, str] | None:
    """Return the first row of the chain that does not follow from those before it."""
    expected, previous, last_written_at = 1, GENESIS, ""
    for seq, kind, stored, row in iter_rows(connection, schema):
        if seq != expected:
            return expected, f"row {expected} was removed"
        if not row:
            return seq, f"row {seq}, of {kind}, was removed"
        if _compute_hash(previous, seq, schema.tables[kind], row) != stored:
            return seq, f"row {seq}, {describe_row(kind, row)}, or its hash was altered"
        if row["written_at"] < last_written_at:
            return (
                seq,
                f"row {seq}, {describe_row(kind, row)}, is dated earlier than the previous row",
            )
        expected, previous, last_written_at = seq + 1, stored, row["written_at"]
    return _find_removed_end(connection, expected)


def _find_removed_end(connection: sqlite3.Connection, expected: int) -> tuple[int, str] | None:
    """Return what is wrong with the end of the chain, whose next row would be `expected`."""
    query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
    counter = connection.execute(query, (CHAIN,)).fetchone()
    written = counter[0] if counter else 0
    if written > expected - 1:
        return expected, f"rows {expected} to {written} were removed from the end"
    return (expected, "SQLite's own row counter was altered") if written < expected - 1 else None


def _compute_hash(previous: str, seq: int, table: Table, row: Mapping[str, Any]) -> str | None:
    try:
        return row_hash(previous, seq, table.name, table.hashed_values(row))
    except (TypeError, ValueError):  # bytes or an infinity, which volcast never writes
        return None


def _check_integrity(connection: sqlite3.Connection, ledger: Ledger) -> None:
    answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if answer != "ok":
        raise LedgerError(
            f"the ledger {ledger.path} is damaged ({answer}); restore your latest backup"
        )


def _parse_digits(head: str | None) -> str:
    """Return the hexadecimal digits of a hash; none without one."""
    digits = (head or "").strip().lower()
    if head is None or re.fullmatch(f"[0-9a-f]{{{MINIMUM_DIGITS},{HASH_LENGTH}}}", digits):
        return digits
    raise LedgerError(
        f"a row's hash has {HASH_LENGTH} hexadecimal digits, and at least the first "
        f"{MINIMUM_DIGITS} are needed; got {head!r}; `volcast ledger verify` prints the hash of "
        "the last row"
    )


def _check_head(connection: sqlite3.Connection, ledger: Ledger, digits: str) -> None:
    """Raise ``LedgerError`` unless exactly one row's hash begins with these digits."""
    if GENESIS.startswith(digits):
        return
    query = f"SELECT count(*) FROM {CHAIN} WHERE substr(hash, 1, ?) = ?"
    found = connection.execute(query, (len(digits), digits)).fetchone()[0]
    if found == 1:
        return
    if found:
        raise LedgerError(f"the hashes of {found} rows begin with {digits}; give more digits")
    if len(digits) < HASH_LENGTH:
        raise LedgerError(
            f"no row's hash begins with {digits}; check that the digits are complete and belong to "
            f"the ledger {ledger.path}; if so, the ledger was rewritten: restore your latest backup"
        )
    raise LedgerError(
        f"the ledger {ledger.path} was rewritten: no row has the hash {digits}; restore your "
        "latest backup, unless the hash belongs to another ledger"
    )


def _count_rows(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
