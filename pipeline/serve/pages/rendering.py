"""Templates, the style sheet, and what every page shows."""

from __future__ import annotations

import hashlib
from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from volcast.pipeline.serve.pages import formatting
from volcast.pipeline.serve.problems import RequestError, build_problem_answer
from volcast.pipeline.serve.security.access import API, Identity
from volcast.pipeline.version import __version__

NAVIGATION = {
    "/": "Overview",
    "/models": "Models",
    "/evenings": "Evenings",
    "/health": "Health",
}
STYLE_ADDRESS = "/static/style.css"
STYLE_KEPT = "public, max-age=86400"  # its address changes with its content


def render_page(request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page.

    Parameters
    ----------
    request
        The request, whose identity decides which buttons are shown.
    name
        Of the template, without its suffix.
    status
        Of the answer.
    values
        What the template shows.
    """
    identity: Identity | None = getattr(request.state, "identity", None)
    options = request.app.state.options
    text = (
        _environment()
        .get_template(f"{name}.html.j2")
        .render(
            navigation=NAVIGATION,
            path=request.url.path,
            style=f"{STYLE_ADDRESS}?v={hash_style()}",
            software=__version__,
            identity=identity,
            is_admin=bool(identity and identity.role == "admin" and not options.read_only),
            has_tokens=bool(request.app.state.tokens.list_tokens()),
            **values,
        )
    )
    return HTMLResponse(text, status_code=status, headers={"cache-control": "private, no-cache"})


def answer_problem(request: Request, problem: RequestError) -> Response:
    """Return an error as a page if a browser asks for one, else as the API answers it."""
    is_page = "text/html" in request.headers.get("accept", "")
    if not is_page or request.url.path.startswith(API):
        return build_problem_answer(problem)
    title = HTTPStatus(problem.status).phrase
    page = render_page(
        request, "problem", status=problem.status, title=title, detail=problem.detail
    )
    page.headers.update(problem.headers)
    return page


@cache
def read_style() -> str:
    """Return the style sheet: that of the reports, and what the pages add."""
    shared = resources.files("volcast.reports").joinpath("templates", "page.css")
    own = resources.files(__package__).joinpath("static", "serve.css")
    return shared.read_text(encoding="utf-8") + own.read_text(encoding="utf-8")


@cache
def hash_style() -> str:
    """Return a few digits that change with the style sheet."""
    return hashlib.sha256(read_style().encode()).hexdigest()[:10]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("volcast.pipeline.serve.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=formatting.format_number,
        share=formatting.format_share,
        level=formatting.format_level,
        intervals=formatting.format_intervals,
        moment=formatting.format_moment,
        horizon=formatting.format_horizon,
        sentence=formatting.format_sentence,
    )
    return environment
