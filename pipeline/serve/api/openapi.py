"""The document that describes the API, and what each route declares for it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from volcast.pipeline.serve.api.documents import ProblemDocument
from volcast.pipeline.serve.problems import MEDIA_TYPE
from volcast.pipeline.serve.security.access import OPEN_PATHS
from volcast.pipeline.version import __version__

WORDS = {
    400: "The request is malformed.",
    401: "A token is missing, unknown or revoked.",
    403: "The token may not do this.",
    404: "There is no such thing.",
    405: "The route has no such method.",
    406: "No media type of the answer is accepted.",
    408: "The body did not arrive in time.",
    409: "Something else is in progress, or the state does not allow it.",
    413: "The body is too large.",
    415: "The body has another media type.",
    422: "An input breaks its rule.",
    429: "Too many requests; wait as Retry-After says.",
    503: "What the answer is read from is not available.",
}
EVERYWHERE = (400, 401, 403, 404, 406, 422, 429, 503)
PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
DESCRIPTION = """What volcast has forecast, and how good it was.

Days are sessions, `YYYY-MM-DD`; moments are in UTC. Variances are daily, in squared log returns
(0.0001 is 1 % a day); volatilities are annualised, in percent. Errors are problem details
(RFC 9457). Answers from the ledger have an `ETag`; ask again with `If-None-Match`.
"""


def describe_answers(*statuses: int, csv: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return what a route declares besides its document: problems, no change, CSV."""
    answers: dict[int | str, dict[str, Any]] = {
        status: {"description": WORDS[status], "content": PROBLEM}
        for status in sorted({*EVERYWHERE, *statuses})
    }
    answers[304] = {"description": "The caller has this answer already."}
    if csv:
        answers[200] = {"content": {"text/csv": {"schema": {"type": "string"}}}}
    return answers


def install_openapi(app: FastAPI) -> None:
    """Give an application its OpenAPI document, with the scheme of tokens."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _build_document(app)
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]


def _build_document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="volcast", version=__version__, description=DESCRIPTION, routes=app.routes
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {})
    schemas["ProblemDocument"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    for path in OPEN_PATHS:
        for route in document["paths"].get(path, {}).values():
            route["security"] = []
    return document
