"""What API and pages read: kept until the ledger grows, in the types of the answers."""

from __future__ import annotations

import json

from volcast.pipeline.ledger.chain import Head
from volcast.pipeline.serve.problems import RequestError
from volcast.pipeline.serve.reading.events import read_events
from volcast.pipeline.serve.reading.origin_rows import Row
from volcast.pipeline.serve.reading.scores import SESSIONS, read_scores
from volcast.pipeline.serve.reading.settings import find_interval_level
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


def find_tickers(state: ServerState, head: Head) -> list[Row]:
    """Return the tickers, read once for each last row of the ledger."""

    def read() -> list[Row]:
        with state.ledger.snapshot() as connection:
            return read_tickers(connection)

    return state.remember("tickers", head, read)


def find_scores(
    state: ServerState, head: Head, sessions: int = SESSIONS, ticker: str | None = None
) -> list[Row]:
    """Return the live scores, computed once for each last row of the ledger."""

    def read() -> list[Row]:
        with state.ledger.snapshot() as connection:
            return read_scores(connection, sessions=sessions, ticker=ticker)

    return state.remember(("scores", sessions, ticker), head, read)


def find_events(state: ServerState) -> list[Row]:
    """Return all known report dates of the tickers, read at most every `EVENTS_KEPT` seconds."""
    now = state.clock()
    tickers = [row["ticker"] for row in find_tickers(state, state.ledger.head())]
    period = int(now.timestamp()) // EVENTS_KEPT
    version = (period, len(tickers))
    return state.memo.get("events", version, lambda: read_events(state.home, tickers, now))


def build_forecasts(state: ServerState, rows: list[Row]) -> list[Row]:
    """Return forecasts as the API has them: booleans, volatilities, the level of the interval."""
    hashes = {row["config_hash"] for row in rows}
    levels = {each: find_interval_level(state.home, each) for each in hashes}
    for row in rows:
        for name in FLAGS:
            if row[name] is not None:
                row[name] = bool(row[name])
        row["interval_level"] = levels[row["config_hash"]]
    return add_volatilities(rows)


def build_records(state: ServerState, rows: list[Row]) -> list[Row]:
    """Return decisions or alerts with their numbers as objects, and no path of the host."""
    for row in rows:
        row["numbers"] = json.loads(state.redact(row["numbers"]))
        for name, value in row.items():
            if isinstance(value, str):
                row[name] = state.redact(value)
    return rows


def find_versions(state: ServerState) -> list[Row]:
    """Return the versions of models, the newest first."""
    head = state.ledger.head()

    def read() -> list[Row]:
        with state.ledger.snapshot() as connection:
            return read_versions(state.home, connection)

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
