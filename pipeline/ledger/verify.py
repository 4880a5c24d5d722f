"""The proof that the ledger is what was written: the chain recomputed from its beginning."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger.chain import GENESIS, Head, head, row_hash, stored_rows
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.rebuild_check import Rebuild, remake
from volcast.pipeline.ledger.schema import CHAIN, COLUMNS, STATEMENTS, TABLES

WHOLE_HASH = 64  # hexadecimal digits of a SHA-256
FEWEST_DIGITS = 12  # 48 bits: no two rows of any ledger will begin alike by chance


@dataclass(frozen=True)
class Proof:
    """What was verified: rows of each table, the end of the chain, forecasts made again."""

    rows: dict[str, int]
    head: Head
    rebuilt: int


def verify(
    ledger: Ledger,
    *,
    noted: str | None = None,
    rebuild: Rebuild | None = None,
    newest: int | None = None,
) -> Proof:
    """Recompute the chain from its beginning, and make forecasts again.

    Parameters
    ----------
    ledger
        Open, for reading or for writing.
    noted
        A hash of the chain that was noted elsewhere, or the first 12 digits of it or more; it
        must still be in it. Only this detects a chain that was written anew as a whole.
    rebuild
        Makes a forecast again; without it the chain alone is verified. All are tried before one
        that failed is told.
    newest
        How many forecasts to make again, the newest first; None is all.

    Raises
    ------
    LedgerError
        A row was altered, removed or inserted, or comes out otherwise when it is made again, or
        cannot be made again: the first one is named. Or a trigger is missing, the file is
        damaged, or the noted hash is none.
    """
    asked = _digits(noted)
    with ledger.snapshot() as connection:
        _check_schema(connection, ledger, TABLES)
        problem = min(_problems(connection), default=None)
        if problem is not None:
            raise LedgerError(f"the ledger {ledger.path} was tampered with: {problem[1]}")
        _check_schema(connection, ledger, STATEMENTS)
        _check_integrity(connection, ledger)
        _check_noted(connection, ledger, asked)
        rows = {kind: _count(connection, kind) for kind in COLUMNS}
        proven = head(connection)
    if rebuild is None:
        return Proof(rows, proven, 0)
    made = remake(ledger, rebuild, newest)
    made.check()
    return Proof(rows, proven, made.same)


def _check_schema(
    connection: sqlite3.Connection, ledger: Ledger, statements: tuple[str, ...]
) -> None:
    """Raise ``LedgerError`` unless the file still has these tables or triggers, as they were."""
    stored = {row[0] for row in connection.execute("SELECT sql FROM sqlite_master")}
    for statement in (text.strip() for text in statements):
        if statement not in stored:
            name = " ".join(statement.split("(")[0].split()[:4])
            raise LedgerError(
                f"the ledger {ledger.path} was tampered with: what made it no longer holds "
                f"({name} ...); put back your last copy"
            )


def _problems(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    """Return number and description of what is wrong: the first in the chain, and beside it."""
    found = [_first_broken(connection)]
    for kind in COLUMNS:
        stray = connection.execute(
            f"SELECT min(seq) FROM {kind} WHERE seq NOT IN (SELECT seq FROM chain WHERE kind = ?)",
            (kind,),
        ).fetchone()[0]
        if stray is not None:
            found.append((stray, f"row {stray}, of {kind}, was inserted past the chain"))
    return [each for each in found if each is not None]


def _first_broken(connection: sqlite3.Connection) -> tuple[int, str] | None:
    """Return the first row of the chain that does not follow from those before it."""
    expected, previous, before = 1, GENESIS, ""
    for seq, kind, stored, values in stored_rows(connection):
        if seq != expected:
            return expected, f"row {expected} was removed"
        if not values:
            return seq, f"row {seq}, of {kind}, was removed"
        if _hash(previous, seq, kind, values) != stored:
            return seq, f"row {seq}, {describe(kind, values)}, or its link was altered"
        if values[-1] < before:
            return seq, f"row {seq}, {describe(kind, values)}, claims to be older than the last"
        expected, previous, before = seq + 1, stored, values[-1]
    made = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (CHAIN,)).fetchone()
    ever = made[0] if made else 0
    if ever > expected - 1:
        return expected, f"rows {expected} to {ever} were removed from the end"
    return (expected, "SQLite's own count of its rows was altered") if ever < expected - 1 else None


def _hash(previous: str, seq: int, kind: str, values: tuple[Any, ...]) -> str | None:
    try:
        return row_hash(previous, seq, kind, values)
    except (TypeError, ValueError):  # bytes or an infinity, which nobody wrote
        return None


def describe(kind: str, values: tuple[Any, ...]) -> str:
    """Return a row in words."""
    row = dict(zip(COLUMNS[kind], values, strict=True))
    if kind in ("forecasts", "outcomes"):
        whose = f" of {row['model']} {row['model_version']}" if kind == "forecasts" else ""
        return (
            f"the {kind[:-1]}{whose} for {row['ticker']}, origin {row['origin']}, "
            f"horizon {row['horizon']}"
        )
    return f"the {kind[:-1]} {row['key' if kind == 'decisions' else 'name']!r}"


def _check_integrity(connection: sqlite3.Connection, ledger: Ledger) -> None:
    said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise LedgerError(f"the ledger {ledger.path} is damaged ({said}); put back your last copy")


def _digits(noted: str | None) -> str:
    """Return the hexadecimal digits of a noted hash; none where there is none."""
    asked = (noted or "").strip().lower()
    if noted is None or re.fullmatch(f"[0-9a-f]{{{FEWEST_DIGITS},{WHOLE_HASH}}}", asked):
        return asked
    raise LedgerError(
        f"a row's hash is {WHOLE_HASH} hexadecimal digits, of which the first {FEWEST_DIGITS} or "
        f"more must be given; got {noted!r}; `volcast ledger verify` prints that of the last row"
    )


def _check_noted(connection: sqlite3.Connection, ledger: Ledger, asked: str) -> None:
    """Raise ``LedgerError`` unless one row's hash begins with these digits."""
    if GENESIS.startswith(asked):
        return
    query = f"SELECT count(*) FROM {CHAIN} WHERE substr(hash, 1, ?) = ?"
    found = connection.execute(query, (len(asked), asked)).fetchone()[0]
    if found == 1:
        return
    if found:
        raise LedgerError(f"{found} rows' hashes begin with {asked}; give more of its digits")
    if len(asked) < WHOLE_HASH:
        raise LedgerError(
            f"no row's hash begins with {asked}; is it whole, and of the ledger {ledger.path}? If "
            "it is, the ledger was written anew: put back your last copy"
        )
    raise LedgerError(
        f"the ledger {ledger.path} was written anew: no row has the noted hash {asked}; "
        "put back your last copy, unless the hash was noted of another ledger"
    )


def _count(connection: sqlite3.Connection, kind: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {kind}").fetchone()[0])
