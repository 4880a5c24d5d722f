"""The newest forecast of every ticker, and how it differs from the one before."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from volcast.pipeline.serve.cached_reads import build_forecasts, find_events, find_last_forecast
from volcast.pipeline.serve.reading.origin_rows import (
    FORECASTS,
    OriginFilter,
    Row,
    find_newest_origin,
    read_page,
)
from volcast.pipeline.serve.state import ServerState

ORIGINS = 10  # back to which a ticker's newest forecasts are looked for
RECENT = dt.timedelta(days=7)  # a ticker that was not forecast for longer is not missed any more
ROWS = 100_000  # more than an origin has
AHEAD = dt.timedelta(days=35)  # report dates within the longest of the usual horizons


@dataclass(frozen=True)
class Evening:
    """What the overview shows.

    Attributes
    ----------
    origin
        The newest origin, None before the first evening.
    horizons
        Of the forecasts, in sessions.
    tickers
        One dictionary a ticker: `ticker, origin, forecasts` (by horizon), `change` (points of
        volatility at the shortest horizon since the origin before), `report`.
    missing
        Tickers that were forecast within a week, but not at the newest origin.
    model
        What made most of the newest forecasts, such as network 7.
    """

    origin: str | None
    horizons: list[int]
    tickers: list[dict[str, Any]]
    missing: list[str]
    model: str


def find_evening(state: ServerState) -> Evening:
    """Return the newest forecasts, read again when there are others."""
    return state.memo.get("evening", find_last_forecast(state), lambda: _read_evening(state))


def find_reports(state: ServerState) -> dict[str, Row]:
    """Return the next known report of each ticker, within `AHEAD` of the newest origin."""
    with state.ledger.snapshot() as connection:
        origin = find_newest_origin(connection)
    if origin is None:
        return {}
    last = (dt.date.fromisoformat(origin) + AHEAD).isoformat()
    coming = [event for event in find_events(state) if origin <= event["date"] <= last]
    coming = [e for e in coming if e["date"] > origin or e["time"] == "after_close"]
    return {event["ticker"]: event for event in reversed(coming)}


def _read_evening(state: ServerState) -> Evening:
    newest: dict[str, dict[str, Any]] = {}
    first: str | None = None
    with state.ledger.snapshot() as connection:
        origin = first = find_newest_origin(connection)
        for _ in range(ORIGINS):
            if origin is None or _is_old(origin, first):
                break
            day = dt.date.fromisoformat(origin)
            chosen = OriginFilter(role="champion", first=day, last=day)
            rows = build_forecasts(read_page(connection, FORECASTS, chosen, ROWS).rows)
            _add_rows(newest, rows)
            origin = find_newest_origin(connection, before=origin)
    tickers = [newest[name] for name in sorted(newest)]
    horizons = sorted({horizon for each in tickers for horizon in each["forecasts"]})
    return Evening(
        origin=first,
        horizons=horizons,
        tickers=tickers,
        missing=[each["ticker"] for each in tickers if each["origin"] != first],
        model=_find_model(tickers),
    )


def _is_old(origin: str, first: str | None) -> bool:
    newest = dt.date.fromisoformat(first or origin)
    return newest - dt.date.fromisoformat(origin) > RECENT


def _add_rows(newest: dict[str, dict[str, Any]], rows: list[Row]) -> None:
    """Add the forecasts of an origin; those of an earlier one only tell the change."""
    for row in rows:
        known = newest.setdefault(
            row["ticker"],
            {"ticker": row["ticker"], "origin": row["origin"], "forecasts": {}, "change": None},
        )
        if known["origin"] == row["origin"]:
            known["forecasts"][row["horizon"]] = row
        elif known["change"] is None and row["horizon"] == min(known["forecasts"]):
            now = known["forecasts"][row["horizon"]]["volatility"]
            known["change"] = now - row["volatility"]


def _find_model(tickers: list[dict[str, Any]]) -> str:
    rows = [row for each in tickers for row in each["forecasts"].values()]
    names = Counter(f"{row['model']} {row['model_version']}" for row in rows)
    return names.most_common(1)[0][0] if names else ""
