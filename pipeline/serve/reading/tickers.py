"""The tickers of the ledger, and since when each is forecast."""

from __future__ import annotations

import sqlite3

from volcast.pipeline.serve.reading.origin_rows import Row

_QUERY = """SELECT ticker, max(calendar) AS calendar, min(origin) AS first_origin,
    max(origin) AS last_origin, count(DISTINCT origin) AS origins
FROM forecasts WHERE role = 'champion' GROUP BY ticker ORDER BY ticker"""


def read_tickers(connection: sqlite3.Connection) -> list[Row]:
    """Return `ticker, calendar, first_origin, last_origin, origins` of the issued forecasts."""
    found = connection.execute(_QUERY)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]
