"""What the ledger holds: tickers, forecasts, outcomes, scores, decisions, alerts, events, head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from volcast.pipeline.ledger.chain import read_head
from volcast.pipeline.serve.api import parameters as asked
from volcast.pipeline.serve.api.answers import CSV, JSON, answer, build_tag, choose_media_type
from volcast.pipeline.serve.api.documents import EventRow, HeadDocument, ScoreRow, TickerRow
from volcast.pipeline.serve.api.openapi import describe_answers
from volcast.pipeline.serve.api.rows import (
    AlertPage,
    DecisionPage,
    ForecastPage,
    OutcomePage,
    Page,
)
from volcast.pipeline.serve.cached_reads import (
    build_forecasts,
    build_records,
    find_events,
    find_scores,
    find_tickers,
)
from volcast.pipeline.serve.problems import RequestError
from volcast.pipeline.serve.reading.origin_rows import (
    FORECASTS,
    OUTCOMES,
    OriginFilter,
    OriginTable,
    Row,
    read_page,
)
from volcast.pipeline.serve.reading.sequence_rows import read_open_alerts, read_sequence_page
from volcast.pipeline.serve.state import ServerState

router = APIRouter(prefix="/v1", tags=["ledger"])
NoParameters = Annotated[asked.NoParameters, Query()]


@router.get("/tickers", response_model=Page[TickerRow], responses=describe_answers(csv=True))
def list_tickers(request: Request, _: NoParameters) -> Response:
    """Return the tickers that have been forecast."""
    state: ServerState = request.app.state.server
    media_type = _choose(request)
    head = state.ledger.head()
    return answer(
        request,
        build_tag(head, media_type),
        lambda: {"items": find_tickers(state), "next": None},
        media_type=media_type,
        items="items",
    )


@router.get("/forecasts", response_model=ForecastPage, responses=describe_answers(404, csv=True))
def list_forecasts(
    request: Request, wanted: Annotated[asked.ForecastParameters, Query()]
) -> Response:
    """Return forecasts with their outcomes, the newest origin first.

    Variances are daily, in squared log returns; volatilities are annualised, in percent.
    """

    def finish(rows: list[Row]) -> list[Row]:
        return _select_levels(build_forecasts(rows), wanted.levels)

    role = None if wanted.role == "all" else wanted.role
    return _answer_origins(request, FORECASTS, wanted, role, finish)


@router.get("/outcomes", response_model=OutcomePage, responses=describe_answers(404, csv=True))
def list_outcomes(request: Request, wanted: Annotated[asked.OriginParameters, Query()]) -> Response:
    """Return outcomes, the newest origin first; of revisions the last one counts."""
    return _answer_origins(request, OUTCOMES, wanted, None, lambda rows: rows)


@router.get("/scores", response_model=Page[ScoreRow], responses=describe_answers(404, csv=True))
def list_scores(request: Request, wanted: Annotated[asked.ScoreParameters, Query()]) -> Response:
    """Return the live scores of the issued forecasts and of each version, by horizon."""
    state: ServerState = request.app.state.server
    media_type = _choose(request)
    head = state.ledger.head()

    def build() -> dict[str, Any]:
        rows = find_scores(state, wanted.sessions, wanted.ticker)
        if not rows:
            _check_ticker(state, wanted.ticker)
        return {"items": rows, "next": None}

    return answer(request, build_tag(head, media_type), build, media_type=media_type, items="items")


@router.get("/decisions", response_model=DecisionPage, responses=describe_answers(csv=True))
def list_decisions(
    request: Request, wanted: Annotated[asked.DecisionParameters, Query()]
) -> Response:
    """Return decisions of the gate and by hand, the newest first."""
    chosen = {"action": wanted.action, "subject": wanted.subject}
    return _answer_sequence(request, "decisions", wanted, chosen)


@router.get("/alerts", response_model=AlertPage, responses=describe_answers(csv=True))
def list_alerts(request: Request, wanted: Annotated[asked.AlertParameters, Query()]) -> Response:
    """Return alerts as they were raised and cleared, the newest first."""
    state: ServerState = request.app.state.server
    chosen = {"name": wanted.name, "subject": wanted.subject, "state": wanted.state}
    if wanted.state != "open":
        return _answer_sequence(request, "alerts", wanted, chosen)
    media_type = _choose(request)
    with state.ledger.snapshot() as connection:
        head, rows = read_head(connection), read_open_alerts(connection)[::-1]
    names = {name: value for name, value in chosen.items() if value and name != "state"}
    found = [row for row in rows if all(row[name] == value for name, value in names.items())]
    document = {"items": build_records(state, found), "next": None}
    tag = build_tag(head, media_type)
    return answer(request, tag, lambda: document, media_type=media_type, items="items")


@router.get("/events", response_model=Page[EventRow], responses=describe_answers(csv=True))
def list_events(request: Request, wanted: Annotated[asked.EventParameters, Query()]) -> Response:
    """Return the report dates that are known, the earliest first."""
    state: ServerState = request.app.state.server
    media_type = _choose(request)
    first = wanted.first.isoformat() if wanted.first else ""
    last = wanted.last.isoformat() if wanted.last else "9999"
    found = [
        event
        for event in find_events(state)
        if wanted.ticker in (None, event["ticker"]) and first <= event["date"] <= last
    ]
    document = {"items": found[: wanted.limit], "next": None}
    return answer(request, None, lambda: document, media_type=media_type, items="items")


@router.get("/ledger/head", response_model=HeadDocument, responses=describe_answers())
def show_head(request: Request, _: NoParameters) -> Response:
    """Return the last row of the ledger; a copy kept elsewhere proves all rows up to it."""
    state: ServerState = request.app.state.server
    media_type = choose_media_type(request.headers.get("accept", ""), (JSON,))
    head = state.ledger.head()
    document = {"seq": head.seq, "hash": head.hash}
    return answer(request, build_tag(head, media_type), lambda: document)


def _choose(request: Request) -> str:
    return choose_media_type(request.headers.get("accept", ""), (JSON, CSV))


def _answer_origins(
    request: Request,
    table: OriginTable,
    wanted: asked.OriginParameters,
    role: str | None,
    finish: Callable[[list[Row]], list[Row]],
) -> Response:
    """Return a page of a table that has an origin."""
    state: ServerState = request.app.state.server
    media_type = _choose(request)
    chosen = OriginFilter(
        ticker=wanted.ticker,
        horizon=wanted.horizon,
        role=role,
        first=wanted.origin or wanted.first,
        last=wanted.origin or wanted.last,
        as_of=wanted.as_of,
    )
    with state.ledger.snapshot() as connection:
        head = read_head(connection)

        def build() -> dict[str, Any]:
            try:
                page = read_page(connection, table, chosen, wanted.limit, wanted.cursor)
            except ValueError as error:
                raise _refuse_cursor(error) from error
            if not page.rows:
                _check_ticker(state, wanted.ticker)
            return {"items": finish(page.rows), "next": page.next}

        tag = build_tag(head, media_type)
        return answer(request, tag, build, media_type=media_type, items="items")


def _answer_sequence(
    request: Request, table: str, wanted: asked.PageParameters, chosen: dict[str, Any]
) -> Response:
    """Return a page of decisions or alerts."""
    state: ServerState = request.app.state.server
    media_type = _choose(request)
    with state.ledger.snapshot() as connection:
        try:
            page = read_sequence_page(connection, table, chosen, wanted.limit, wanted.cursor)
        except ValueError as error:
            raise _refuse_cursor(error) from error
        tag = build_tag(read_head(connection), media_type)
    document = {"items": build_records(state, page.rows), "next": page.next}
    return answer(request, tag, lambda: document, media_type=media_type, items="items")


def _check_ticker(state: ServerState, ticker: str | None) -> None:
    """Raise a 404 for a ticker without forecasts, naming the nearest one."""
    known = [row["ticker"] for row in find_tickers(state)]
    if ticker is not None and ticker not in known:
        from volcast.pipeline.data.contract.source import explain_unknown_ticker

        raise RequestError(
            404, f"no forecast for {ticker}: {explain_unknown_ticker(ticker, known)}"
        )


def _select_levels(rows: list[Row], levels: list[float] | None) -> list[Row]:
    """Return the forecasts with an interval of these levels, and without further ones of others."""
    if levels is None:
        return rows
    for row in rows:
        for name in ("intervals", "volatility_intervals"):
            found = row[name] or {}
            row[name] = {level: found[level] for level in found if float(level) in levels} or None
    return [row for row in rows if row["intervals"] or row["interval_level"] in levels]


def _refuse_cursor(error: ValueError) -> RequestError:
    return RequestError(
        404, f"there is no such page: {error}; leave the cursor out to begin with the newest rows"
    )
