"""Evenings and health, and the style sheet of all pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from volcast.pipeline.errors import VolcastError
from volcast.pipeline.ledger.chain import Head, read_head
from volcast.pipeline.serve.admin.retraining import Retrainings
from volcast.pipeline.serve.admin.verification import Verifications
from volcast.pipeline.serve.api.field_types import Day
from volcast.pipeline.serve.api.parameters import Parameters
from volcast.pipeline.serve.cached_reads import build_records
from volcast.pipeline.serve.health import check_readiness
from volcast.pipeline.serve.pages.rendering import STYLE_KEPT, read_style, render_page
from volcast.pipeline.serve.problems import RequestError
from volcast.pipeline.serve.reading.origin_rows import Row
from volcast.pipeline.serve.reading.reports import list_evenings, read_report
from volcast.pipeline.serve.reading.sequence_rows import read_open_alerts, read_sequence_page
from volcast.pipeline.serve.security.headers import REPORT_POLICY
from volcast.pipeline.serve.state import ServerState

ALERTS_SHOWN = 50

router = APIRouter(include_in_schema=False)


class HealthParameters(Parameters):
    """Whether the ledger is verified now."""

    verify: Annotated[int, Field(ge=0, le=1)] = 0


@router.get("/evenings")
def show_evenings(request: Request) -> Response:
    """Return the list of the reports."""
    state: ServerState = request.app.state.server
    return render_page(request, "evenings", evenings=list_evenings(state.home))


@router.get("/evenings/index.html")
def show_index() -> Response:
    """Return the way to the list, to which the reports link under this name."""
    return RedirectResponse("/evenings", status_code=308)


@router.get("/evenings/{day}/report.html")
def show_report(request: Request, day: Day) -> Response:
    """Return a report as the job wrote it, but for paths of the host."""
    state: ServerState = request.app.state.server
    text = read_report(state.home, day)
    if text is None:
        raise RequestError(404, "there is no report of that evening")
    headers = {"content-security-policy": REPORT_POLICY, "cache-control": "private, no-cache"}
    return HTMLResponse(state.redact(text), headers=headers)


@router.get("/health")
def show_health(request: Request, wanted: Annotated[HealthParameters, Query()]) -> Response:
    """Return the page of health."""
    state: ServerState = request.app.state.server
    retrainings: Retrainings = request.app.state.retrainings
    verifications: Verifications = request.app.state.verifications
    checks = check_readiness(state)
    ledger = _read_ledger(state)
    proof = verifications.find() if wanted.verify and ledger["head"] else verifications.find_last()
    return render_page(
        request,
        "health",
        ready=all(check["passed"] for check in checks),
        checks=checks,
        jobs=retrainings.list_jobs(),
        proof=proof,
        **ledger,
    )


@router.get("/static/style.css")
def show_style() -> Response:
    """Return the style sheet."""
    return Response(read_style(), headers={"cache-control": STYLE_KEPT}, media_type="text/css")


def _read_ledger(state: ServerState) -> dict[str, Any]:
    """Return head, open alerts and past ones; nothing of a ledger that cannot be read."""
    head: Head | None = None
    alerts: list[Row] = []
    past: list[Row] = []
    try:
        with state.ledger.snapshot() as connection:
            head = read_head(connection)
            alerts = build_records(state, read_open_alerts(connection)[::-1])
            page = read_sequence_page(connection, "alerts", {}, ALERTS_SHOWN)
            past = build_records(state, page.rows)
    except VolcastError:  # the checks say so
        head = None
    return {"head": head, "alerts": alerts, "past": past}
