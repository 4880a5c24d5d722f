"""What API and pages read: kept until the ledger grows, in the types of the answers."""

from __future__ import annotations

import json

from volcast.pipeline.serve.problems import RequestError
from volcast.pipeline.serve.reading.events import read_events
from volcast.pipeline.serve.reading.origin_rows import Row, find_newest_origin
from volcast.pipeline.serve.reading.scores import SESSIONS, read_scores
from volcast.pipeline.serve.reading.tickers import read_tickers
from volcast.pipeline.serve.reading.versions import (
    find_state,
    read_recorded_champion,
    read_versions,
)
from volcast.pipeline.serve.reading.volatilities import add_volatilities
from volcast.pipeline.serve.state import ServerState

FLAGS = ("clipped", "fallback", "held", "short_history", "live")  # SQLite has no booleans
CHANGES = ("promote", "demote", "rollback")  # the actions of decisions on the champion
EVENTS_KEPT = 600  # seconds for which report dates are not read again


def find_last_forecast(state: ServerState) -> int:
    """Return the number of the last row that is a forecast; 0 if there is none."""
    with state.ledger.snapshot() as connection:
        found = connection.execute("SELECT max(seq) FROM forecasts").fetchone()[0]
    return int(found or 0)


def find_tickers(state: ServerState) -> list[Row]:
    """Return the tickers, read again when there are new forecasts."""

    def read() -> list[Row]:
        with state.ledger.snapshot() as connection:
            return read_tickers(connection)

    return state.memo.get("tickers", find_last_forecast(state), read)


def find_scores(
    state: ServerState, sessions: int = SESSIONS, ticker: str | None = None
) -> list[Row]:
    """Return the live scores, computed again when there are outcomes or another newest origin."""

    def read() -> list[Row]:
        with state.ledger.snapshot() as connection:
            return read_scores(connection, sessions=sessions, ticker=ticker)

    with state.ledger.snapshot() as connection:
        last = connection.execute("SELECT max(seq) FROM outcomes").fetchone()[0]
        version = (last, find_newest_origin(connection))
    return state.memo.get(("scores", sessions, ticker), version, read)


def find_events(state: ServerState) -> list[Row]:
    """Return all known report dates of the tickers, read at most every `EVENTS_KEPT` seconds."""
    now = state.clock()
    tickers = [row["ticker"] for row in find_tickers(state)]
    period = int(now.timestamp()) // EVENTS_KEPT
    version = (period, len(tickers))

    def read() -> list[Row]:
        return [_redact(state, event) for event in read_events(state.home, tickers, now)]

    return state.memo.get("events", version, read)


def build_forecasts(rows: list[Row]) -> list[Row]:
    """Return forecasts as the API has them: flags, objects, volatilities."""
    for row in rows:
        for name in FLAGS:
            if row[name] is not None:
                row[name] = bool(row[name])
        row["intervals"] = row["intervals"] and json.loads(row["intervals"])
    return add_volatilities(rows)


def build_records(state: ServerState, rows: list[Row]) -> list[Row]:
    """Return decisions or alerts with their numbers as objects, and no path of the host."""
    for row in rows:
        row["numbers"] = json.loads(state.redact(row["numbers"]))
    return [_redact(state, row) for row in rows]


def find_versions(state: ServerState) -> list[Row]:
    """Return the versions of models, the newest first."""
    head = state.ledger.head()

    def read() -> list[Row]:
        with state.ledger.snapshot() as connection:
            found = read_versions(state.home, connection)
        for row in found:
            row |= {name: _redact(state, row[name]) for name in ("parameters", "facts")}
        return found

    return state.memo.get("versions", (head.hash, find_state(state.home)), read)


def find_version(state: ServerState, number: int) -> Row:
    """Return a version; a 404 names those that there are."""
    versions = {row["version"]: row for row in find_versions(state)}
    if number not in versions:
        known = ", ".join(map(str, list(versions)[:10])) or "none yet"
        raise RequestError(404, f"there is no version {number}; choose from {known}")
    return versions[number]


def find_champion(state: ServerState) -> Row | None:
    """Return the champion, since when it is champion and why; None if there is none yet."""
    recorded = read_recorded_champion(state.home)
    if recorded is None:
        return None
    name = f"{recorded['model']} {recorded['version']}"
    with state.ledger.snapshot() as connection:
        found = connection.execute(
            "SELECT written_at, reason, who, why FROM decisions "
            f"WHERE action IN ({', '.join('?' * len(CHANGES))}) AND subject = ? "
            "ORDER BY seq DESC LIMIT 1",
            [*CHANGES, name],
        ).fetchone()
    since, reason, who, why = found or (None, None, None, None)
    return {
        **{key: recorded[key] for key in ("version", "model", "digest")},
        "since": since,
        **{
            key: None if text is None else state.redact(text)
            for key, text in (("reason", reason), ("who", who), ("why", why))
        },
    }


def _redact(state: ServerState, row: Row) -> Row:
    """Return a dictionary whose texts name no path of the host."""
    return {
        name: state.redact(value) if isinstance(value, str) else value
        for name, value in row.items()
    }
