"""The chain: each row's hash covers the row and the hash before it, over all tables in one order.

``hash = sha256(json)`` with the row as a JSON array of its predecessor's hash, its number, the name
of its table and its columns in the order of `schema.COLUMNS`: no spaces, ASCII, floats in the
shortest form that reads back the same. The first predecessor is `GENESIS`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from volcast.pipeline.ledger.schema import CHAIN, COLUMNS

GENESIS = hashlib.sha256(b"volcast ledger 1").hexdigest()


@dataclass(frozen=True)
class Head:
    """The last row of the chain: to be noted elsewhere, as proof of all rows up to it."""

    seq: int
    hash: str


def row_hash(previous: str, seq: int, kind: str, values: Sequence[Any]) -> str:
    """Return the hash of a row: its table `kind`, and `values` in the order of its columns."""
    text = json.dumps([previous, seq, kind, *values], separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def head(connection: sqlite3.Connection) -> Head:
    """Return the last row of the chain; number 0 and `GENESIS` for an empty one."""
    found = connection.execute(f"SELECT seq, hash FROM {CHAIN} ORDER BY seq DESC LIMIT 1")
    return Head(*(found.fetchone() or (0, GENESIS)))


def last_written(connection: sqlite3.Connection) -> str:
    """Return when the last row was written, as text; empty text for an empty chain."""
    kind = connection.execute(f"SELECT kind FROM {CHAIN} ORDER BY seq DESC LIMIT 1").fetchone()
    if kind is None:
        return ""
    newest = f"SELECT written_at FROM {kind[0]} ORDER BY seq DESC LIMIT 1"
    return str(connection.execute(newest).fetchone()[0])


def append(connection: sqlite3.Connection, kind: str, values: Sequence[Any], before: Head) -> Head:
    """Add a row after `before`, inside the caller's transaction; return the new end."""
    end = Head(before.seq + 1, row_hash(before.hash, before.seq + 1, kind, values))
    connection.execute(
        f"INSERT INTO {CHAIN} (seq, kind, hash) VALUES (?, ?, ?)", (end.seq, kind, end.hash)
    )
    marks = ", ".join("?" * (len(values) + 1))
    connection.execute(
        f"INSERT INTO {kind} (seq, {', '.join(COLUMNS[kind])}) VALUES ({marks})", (end.seq, *values)
    )
    return end


def stored_rows(connection: sqlite3.Connection) -> Iterator[tuple[int, str, str, tuple[Any, ...]]]:
    """Yield number, table, stored hash and values of each row of the chain; () if it is gone."""
    readers = {kind: _in_step(connection, kind) for kind in COLUMNS}
    for reader in readers.values():
        next(reader)
    links = connection.execute(f"SELECT seq, kind, hash FROM {CHAIN} ORDER BY seq")
    for seq, kind, stored in links:
        yield seq, kind, stored, readers[kind].send(seq) if kind in readers else ()


def _in_step(connection: sqlite3.Connection, kind: str) -> Generator[tuple[Any, ...], int, None]:
    """Read a table once: give the values of each row that is asked for, numbers ascending."""
    cursor = connection.execute(f"SELECT seq, {', '.join(COLUMNS[kind])} FROM {kind} ORDER BY seq")
    row = cursor.fetchone()
    values: tuple[Any, ...] = ()
    while True:
        wanted = yield values
        while row is not None and row[0] < wanted:
            row = cursor.fetchone()
        values = tuple(row[1:]) if row is not None and row[0] == wanted else ()
