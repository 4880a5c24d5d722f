"""Pages of decisions and alerts, the newest row first."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from volcast.pipeline.ledger.schema import COLUMNS
from volcast.pipeline.serve.reading.cursor import decode_cursor, encode_cursor
from volcast.pipeline.serve.reading.origin_rows import PageOfRows, Row


def read_sequence_page(
    connection: sqlite3.Connection,
    table: str,
    chosen: Mapping[str, Any],
    limit: int,
    cursor: str | None = None,
) -> PageOfRows:
    """Return a page of `decisions` or `alerts`.

    Parameters
    ----------
    connection
        In a snapshot of the ledger.
    table
        The table.
    chosen
        Values by column; None is every value.
    limit
        Maximum number of rows.
    cursor
        That of the page before.

    Raises
    ------
    ValueError
        The cursor does not belong to the table.
    """
    used = {name: value for name, value in chosen.items() if value is not None}
    conditions = [f"{name} = ?" for name in used]
    values = list(used.values())
    if cursor is not None:
        conditions.append("seq < ?")
        values += decode_cursor(table, cursor, (int,))
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    query = f"SELECT {', '.join(('seq', *COLUMNS[table]))} FROM {table} {where}"
    rows = _read_rows(connection, f"{query} ORDER BY seq DESC LIMIT ?", [*values, limit + 1])
    more = len(rows) > limit
    last = rows[:limit][-1]["seq"] if more else 0
    return PageOfRows(rows[:limit], encode_cursor(table, (last,)) if more else None)


def read_open_alerts(connection: sqlite3.Connection) -> list[Row]:
    """Return the alerts that were raised and not cleared since, the oldest first."""
    names = ", ".join(("seq", *COLUMNS["alerts"]))
    query = (
        f"SELECT {names} FROM alerts WHERE state = 'raised' AND seq IN "
        "(SELECT max(seq) FROM alerts GROUP BY name, subject) ORDER BY seq"
    )
    return _read_rows(connection, query, [])


def _read_rows(connection: sqlite3.Connection, query: str, values: list[Any]) -> list[Row]:
    found = connection.execute(query, values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]
