"""Whether the server runs and is ready, and its metrics."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from volcast.pipeline.serve.api import parameters as asked
from volcast.pipeline.serve.api.answers import JSON, REVALIDATE
from volcast.pipeline.serve.api.documents import HealthDocument, ReadinessDocument
from volcast.pipeline.serve.api.openapi import describe_answers
from volcast.pipeline.serve.health import check_readiness
from volcast.pipeline.serve.metrics import ServerMetrics
from volcast.pipeline.serve.state import ServerState
from volcast.pipeline.version import __version__

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # of Prometheus' text format

router = APIRouter(tags=["status"])
NoParameters = Annotated[asked.NoParameters, Query()]
NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"model": ReadinessDocument, "description": "Not ready; the checks say why."}
}


@router.get("/healthz", response_model=HealthDocument, responses=describe_answers())
def show_health(_: NoParameters) -> Response:
    """Return that the server runs."""
    return _answer_json({"status": "alive", "version": __version__}, 200)


@router.get(
    "/readyz", response_model=ReadinessDocument, responses={**describe_answers(), **NOT_READY}
)
def show_readiness(request: Request, _: NoParameters) -> Response:
    """Return whether the ledger can be read, there is a champion, and no evening is overdue."""
    state: ServerState = request.app.state.server
    checks = check_readiness(state)
    ready = all(check["passed"] for check in checks)
    document = {"status": "ready" if ready else "not ready", "checks": checks}
    return _answer_json(document, 200 if ready else 503)


@router.get("/metrics", response_class=Response, responses=describe_answers())
def show_metrics(request: Request, _: NoParameters) -> Response:
    """Return the metrics of Prometheus."""
    metrics: ServerMetrics = request.app.state.metrics
    return Response(
        metrics.format_text(),
        headers={"cache-control": REVALIDATE},
        media_type=METRICS_TYPE,
    )


def _answer_json(document: object, status: int) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(to_json(document), status_code=status, headers=headers, media_type=JSON)
