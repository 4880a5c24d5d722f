"""Errors as the API answers them: problem details for HTTP (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class RequestError(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    status
        The HTTP status.
    detail
        One sentence: the rule, the value and the remedy; no path of the host.
    headers
        More headers of the answer.
    errors
        The inputs that break their rule: `name` and `message`.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers, self.errors = dict(headers or {}), list(errors)


def build_problem_answer(problem: RequestError) -> Response:
    """Return the answer to a problem; text that is no valid Unicode is escaped."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.errors:
        document["errors"] = problem.errors
    return Response(
        json.dumps(document).encode("ascii"),
        status_code=problem.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )
