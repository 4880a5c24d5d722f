"""The overview: alerts first, tonight's numbers, what changed, coming reports."""

from __future__ import annotations

import math
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from volcast.pipeline.serve.api.parameters import Parameters
from volcast.pipeline.serve.cached_reads import (
    CHANGES,
    build_records,
    find_champion,
    find_scores,
)
from volcast.pipeline.serve.health import check_readiness
from volcast.pipeline.serve.pages.evening import Evening, find_evening, find_reports
from volcast.pipeline.serve.pages.rendering import render_page
from volcast.pipeline.serve.reading.origin_rows import Row
from volcast.pipeline.serve.reading.scores import ISSUED
from volcast.pipeline.serve.reading.sequence_rows import read_open_alerts, read_sequence_page
from volcast.pipeline.serve.state import ServerState

ROWS_SHOWN = 100  # tickers of a page
CHANGES_SHOWN = 5
ORDERS = {
    "ticker": "ticker",
    "change": "largest change",
    "volatility": "highest volatility",
    "report": "next report",
}

router = APIRouter(include_in_schema=False)


class OverviewParameters(Parameters):
    """Which tickers, in which order."""

    q: Annotated[str, Field(max_length=64)] = ""
    sort: Annotated[str, Field(pattern="^(ticker|change|volatility|report)$")] = "ticker"
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


@router.get("/")
def show_overview(request: Request, wanted: Annotated[OverviewParameters, Query()]) -> Response:
    """Return the overview."""
    state: ServerState = request.app.state.server
    if not state.home.ledger.exists():
        empty = Evening(None, [], [], [], "")
        return render_page(request, "overview", evening=empty, alerts=[])
    with state.ledger.snapshot() as connection:
        alerts = build_records(state, read_open_alerts(connection)[::-1])
        changes = [
            row
            for action in CHANGES
            for row in read_sequence_page(
                connection, "decisions", {"action": action}, CHANGES_SHOWN
            ).rows
        ]
        evening = find_evening(state)
    reports = find_reports(state)
    found = _sort(_select(evening.tickers, wanted.q), wanted.sort, evening, reports)
    pages = max(1, math.ceil(len(found) / ROWS_SHOWN))
    page = min(wanted.page, pages)
    champion = find_champion(state)
    newest = [row for each in evening.tickers for row in each["forecasts"].values()]
    return render_page(
        request,
        "overview",
        evening=evening,
        alerts=alerts,
        champion=champion and f"{champion['model']} {champion['version']}",
        ready=all(check["passed"] for check in check_readiness(state)),
        issued=[row for row in find_scores(state) if row["series"] == ISSUED],
        largest=_find_largest(evening.tickers),
        changes=build_records(state, sorted(changes, key=lambda row: -row["seq"])[:CHANGES_SHOWN]),
        reports=sorted(reports.values(), key=lambda event: (event["date"], event["ticker"])),
        next_reports=reports,
        rows=found[(page - 1) * ROWS_SHOWN : page * ROWS_SHOWN],
        level=next((row["interval_level"] for row in newest), None),
        scale=max((row["volatility_upper"] or 0.0 for row in newest), default=0.0),
        q=wanted.q,
        sort=wanted.sort,
        orders=ORDERS,
        page=page,
        pages=pages,
    )


def _select(tickers: list[dict[str, Any]], beginning: str) -> list[dict[str, Any]]:
    begins = beginning.strip().upper()
    return [each for each in tickers if each["ticker"].upper().startswith(begins)]


def _sort(
    tickers: list[dict[str, Any]], order: str, evening: Evening, reports: dict[str, Row]
) -> list[dict[str, Any]]:
    """Return tickers in an order; those without a value come last."""

    def rank(each: dict[str, Any]) -> tuple[Any, str]:
        nearest = each["forecasts"].get(evening.horizons[0])
        ranks = {
            "ticker": 0,
            "change": -abs(each["change"]) if each["change"] is not None else math.inf,
            "volatility": -nearest["volatility"] if nearest else math.inf,
            "report": reports.get(each["ticker"], {}).get("date", "9999"),
        }
        return ranks[order], each["ticker"]

    return sorted(tickers, key=rank)


def _find_largest(tickers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = [each for each in tickers if each["change"] is not None]
    return sorted(known, key=lambda each: -abs(each["change"]))[:CHANGES_SHOWN]
