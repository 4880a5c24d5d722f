"""The hash chain: each row's hash covers the row and the hash of the row before it.

The rows of all tables are in one order.

``hash = sha256(json)`` of a JSON array: the hash of the previous row, the row's number, the name of
its table and its values (`Table.hashed_values`); no spaces, ASCII, floats in the shortest form that
reads back the same. The first row follows `GENESIS`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from volcast.pipeline.ledger.schema import CHAIN, Schema, Table

GENESIS = hashlib.sha256(b"volcast ledger 1").hexdigest()


@dataclass(frozen=True)
class Head:
    """Number and hash of the last row: kept elsewhere, it proves all rows up to it."""

    seq: int
    hash: str


def row_hash(previous: str, seq: int, table: str, values: Sequence[Any]) -> str:
    """Return the hash of a row.

    Parameters
    ----------
    previous
        The hash of the row before it; `GENESIS` for the first.
    seq
        The row's number in the chain.
    table
        The name of its table.
    values
        The values that the hash covers (`Table.hashed_values`).

    Raises
    ------
    ValueError, TypeError
        A value is not finite, or is no text or number.

    Examples
    --------
    >>> row_hash(GENESIS, 1, "alerts", ["stale data", "AAA"])[:12]
    '983c441ff079'
    """
    text = json.dumps([previous, seq, table, *values], separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def read_head(connection: sqlite3.Connection) -> Head:
    """Return the last row of the chain; number 0 and `GENESIS` if it is empty."""
    row = connection.execute(f"SELECT seq, hash FROM {CHAIN} ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(*(row or (0, GENESIS)))


def last_written_at(connection: sqlite3.Connection) -> str:
    """Return when the last row was written, as stored; empty text for an empty chain."""
    last = connection.execute(f"SELECT kind FROM {CHAIN} ORDER BY seq DESC LIMIT 1").fetchone()
    if last is None:
        return ""
    newest = f"SELECT written_at FROM {last[0]} ORDER BY seq DESC LIMIT 1"
    return str(connection.execute(newest).fetchone()[0])


def append_row(
    connection: sqlite3.Connection, table: Table, row: Mapping[str, Any], before: Head
) -> Head:
    """Add a stored row after `before`, inside the caller's transaction; return the new head."""
    seq = before.seq + 1
    head = Head(seq, row_hash(before.hash, seq, table.name, table.hashed_values(row)))
    connection.execute(
        f"INSERT INTO {CHAIN} (seq, kind, hash) VALUES (?, ?, ?)", (seq, table.name, head.hash)
    )
    names = ("seq", *table.columns)
    marks = ", ".join("?" * len(names))
    connection.execute(
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})",
        (seq, *(row[name] for name in table.columns)),
    )
    return head


def iter_rows(
    connection: sqlite3.Connection, schema: Schema
) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Yield number, table, stored hash and stored row of the chain; {} for a row that is gone."""
    readers = {name: _read_in_step(connection, table) for name, table in schema.tables.items()}
    for reader in readers.values():
        next(reader)
    links = connection.execute(f"SELECT seq, kind, hash FROM {CHAIN} ORDER BY seq")
    for seq, kind, stored in links:
        yield seq, kind, stored, readers[kind].send(seq) if kind in readers else {}


def _read_in_step(
    connection: sqlite3.Connection, table: Table
) -> Generator[dict[str, Any], int, None]:
    """Read a table once: yield the row of each number that is sent, in ascending order."""
    names = tuple(table.columns)
    cursor = connection.execute(f"SELECT seq, {', '.join(names)} FROM {table.name} ORDER BY seq")
    row = cursor.fetchone()
    found: dict[str, Any] = {}
    while True:
        seq = yield found
        while row is not None and row[0] < seq:
            row = cursor.fetchone()
        same = row is not None and row[0] == seq
        found = dict(zip(names, row[1:], strict=True)) if same else {}
