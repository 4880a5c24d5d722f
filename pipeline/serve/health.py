"""Whether a server is ready: the ledger can be read, a champion is there, no evening is overdue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from volcast.pipeline.errors import VolcastError
from volcast.pipeline.serve.cached_reads import find_champion
from volcast.pipeline.serve.reading.origin_rows import Row
from volcast.pipeline.serve.reading.settings import has_daily_bars
from volcast.pipeline.serve.state import ServerState

GRACE = dt.timedelta(hours=3)  # after the bars have settled: download, training, forecasts
RECENT_ORIGINS = 10  # over which the calendars of the home are collected
REPLAYED = "replayed"  # the key of the decision that marks a replay


def check_readiness(state: ServerState) -> list[Row]:
    """Return the conditions of readiness: `name, passed, detail`."""
    checks = {
        "ledger": _check_ledger,
        "champion": _check_champion,
        "evening": _check_evening,
    }
    return [{"name": name, **_run_check(state, check)} for name, check in checks.items()]


def find_overdue(state: ServerState) -> list[str]:
    """Return a sentence for each calendar whose evening is overdue.

    Raises
    ------
    VolcastError
        The ledger or the settings cannot be read.
    """
    from volcast.pipeline.data.calendars.opening_hours import last_settled_session

    overdue = []
    for calendar, newest in _read_newest_origins(state).items():
        settled = last_settled_session(calendar, state.clock() - GRACE).date().isoformat()
        if settled > newest:
            overdue.append(f"the newest forecast for {calendar} is of {newest}, not of {settled}")
    return overdue


def _run_check(state: ServerState, check: Callable[[ServerState], str]) -> Row:
    try:
        return {"passed": True, "detail": check(state)}
    except VolcastError as error:
        return {"passed": False, "detail": state.redact(str(error))}


def _check_ledger(state: ServerState) -> str:
    return f"row {state.ledger.head().seq:,} is the last one"


def _check_champion(state: ServerState) -> str:
    champion = find_champion(state)
    if champion is None:
        raise VolcastError("there is no champion yet; run `volcast retrain`")
    return f"{champion['model']} {champion['version']}"


def _check_evening(state: ServerState) -> str:
    if _is_replay(state):
        return "a replay: no evening is due"
    if not _read_newest_origins(state):
        raise VolcastError("nothing has been forecast yet; run `volcast retrain`")
    if not has_daily_bars(state.home):
        return "the source has no new bars: no evening is due"
    overdue = find_overdue(state)
    if overdue:
        raise VolcastError(f"{'; '.join(overdue)}; look at the log of the job")
    return "no evening is overdue"


def _is_replay(state: ServerState) -> bool:
    with state.ledger.snapshot() as connection:
        query = "SELECT 1 FROM decisions WHERE key = ?"
        return connection.execute(query, [REPLAYED]).fetchone() is not None


def _read_newest_origins(state: ServerState) -> dict[str, str]:
    """Return the newest origin of each calendar that was forecast lately."""
    from volcast.pipeline.serve.reading.origin_rows import find_newest_origin

    newest: dict[str, str] = {}
    with state.ledger.snapshot() as connection:
        origin = find_newest_origin(connection)
        for _ in range(RECENT_ORIGINS):
            if origin is None:
                break
            query = "SELECT DISTINCT calendar FROM forecasts WHERE origin = ?"
            for (calendar,) in connection.execute(query, [origin]):
                newest.setdefault(calendar, origin)
            origin = find_newest_origin(connection, before=origin)
    return newest
