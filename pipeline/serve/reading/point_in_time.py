"""What was known at a moment: the last row that had been written by then."""

from __future__ import annotations

import datetime as dt
import sqlite3

from volcast.pipeline.ledger.chain import read_head
from volcast.pipeline.ledger.columns import format_moment
from volcast.pipeline.ledger.schema import CHAIN, SCHEMA


def find_last_row(connection: sqlite3.Connection, moment: dt.datetime) -> int:
    """Return the number of the last row written at or before a moment; 0 if there is none.

    Rows are numbered in the order of their times, so that it is found by bisection.

    Parameters
    ----------
    connection
        In a snapshot of the ledger.
    moment
        With a timezone.
    """
    known_by = format_moment(moment)
    first, last = 0, read_head(connection).seq
    while first < last:
        middle = (first + last + 1) // 2
        if _read_time(connection, middle) <= known_by:
            first = middle
        else:
            last = middle - 1
    return first


def _read_time(connection: sqlite3.Connection, seq: int) -> str:
    (kind,) = connection.execute(f"SELECT kind FROM {CHAIN} WHERE seq = ?", [seq]).fetchone()
    table = SCHEMA.tables[kind].name
    query = f"SELECT written_at FROM {table} WHERE seq = ?"
    return str(connection.execute(query, [seq]).fetchone()[0])
