"""A ticker: its newest forecasts, their history against the outcomes, scores and reports."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from volcast.pipeline.serve.api.field_types import Horizon
from volcast.pipeline.serve.api.parameters import Parameters
from volcast.pipeline.serve.cached_reads import (
    build_forecasts,
    find_events,
    find_scores,
    find_tickers,
)
from volcast.pipeline.serve.pages.evening import find_reports
from volcast.pipeline.serve.pages.line_chart import Band, Line, draw_chart
from volcast.pipeline.serve.pages.rendering import render_page
from volcast.pipeline.serve.problems import RequestError
from volcast.pipeline.serve.reading.origin_rows import FORECASTS, OriginFilter, Row, read_page
from volcast.pipeline.serve.reading.scores import ISSUED
from volcast.pipeline.serve.state import ServerState

SESSIONS_DRAWN = 250
ROWS_SHOWN = 60
EVENTS_SHOWN = 12
HORIZONS_READ = 10  # rows of the newest origin

router = APIRouter(include_in_schema=False)


class TickerParameters(Parameters):
    """Which horizon is drawn; None: the shortest."""

    horizon: Horizon | None = None


@router.get("/ticker/{ticker:path}")
def show_ticker(
    request: Request, ticker: str, wanted: Annotated[TickerParameters, Query()]
) -> Response:
    """Return the page of a ticker."""
    state: ServerState = request.app.state.server
    with state.ledger.snapshot() as connection:
        known = next((row for row in find_tickers(state) if row["ticker"] == ticker), None)
        if known is None:
            raise RequestError(404, "there is no such ticker")
        issued = OriginFilter(ticker=ticker, role="champion")
        newest = read_page(connection, FORECASTS, issued, HORIZONS_READ).rows
        newest = [row for row in newest if row["origin"] == newest[0]["origin"]]
        horizons = [row["horizon"] for row in newest]
        horizon = wanted.horizon if wanted.horizon in horizons else horizons[0]
        drawn = OriginFilter(ticker=ticker, role="champion", horizon=horizon)
        rows = read_page(connection, FORECASTS, drawn, SESSIONS_DRAWN).rows
    rows = build_forecasts(rows)
    events = [event for event in find_events(state) if event["ticker"] == ticker]
    scores = find_scores(state, ticker=ticker)
    return render_page(
        request,
        "ticker",
        ticker=ticker,
        known=known,
        coming=find_reports(state).get(ticker),
        newest=build_forecasts(newest),
        horizons=horizons,
        horizon=horizon,
        chart=draw_history(rows[::-1], ticker),
        rows=rows[:ROWS_SHOWN],
        scores=[row for row in scores if row["series"] == ISSUED],
        events=events[::-1][:EVENTS_SHOWN],
    )


def draw_history(rows: list[Row], ticker: str) -> Markup:
    """Return the chart of issued forecasts and outcomes, the oldest on the left."""

    def collect(name: str) -> list[float | None]:
        return [row[name] for row in rows]

    band = Band("interval", "band", collect("volatility_lower"), collect("volatility_upper"))
    return draw_chart(
        [row["origin"] for row in rows],
        [
            Line("outcome", "realized", collect("volatility_realized")),
            Line("forecast", "forecast", collect("volatility")),
        ],
        band=band,
        alt=f"Issued forecasts of the volatility of {ticker}, their interval, and the outcomes, "
        f"over {len(rows)} sessions; the table below has the numbers.",
    )
