"""The application: its routes, its errors, and what surrounds every request."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from volcast.pipeline.errors import StorageError, VolcastError
from volcast.pipeline.serve.admin.champion_change import ChampionChanges
from volcast.pipeline.serve.admin.retraining import Retrainings
from volcast.pipeline.serve.admin.verification import Verifications
from volcast.pipeline.serve.api import admin_routes, ledger_routes, model_routes, status_routes
from volcast.pipeline.serve.api.openapi import install_openapi
from volcast.pipeline.serve.metrics import ServerMetrics
from volcast.pipeline.serve.options import ServeOptions
from volcast.pipeline.serve.pages import (
    changing_routes,
    overview_route,
    signing_routes,
    status_page_routes,
    ticker_route,
)
from volcast.pipeline.serve.pages import model_routes as page_model_routes
from volcast.pipeline.serve.pages.rendering import answer_problem
from volcast.pipeline.serve.preparation import Preparation
from volcast.pipeline.serve.problems import RequestError, build_problem_answer
from volcast.pipeline.serve.security.access import AccessMiddleware
from volcast.pipeline.serve.security.body_limit import BodyLimitMiddleware
from volcast.pipeline.serve.security.headers import HeadersMiddleware
from volcast.pipeline.serve.security.rate_limit import RateLimitMiddleware
from volcast.pipeline.serve.security.sessions import Sessions
from volcast.pipeline.serve.state import Clock, ServerState

LOG = logging.getLogger("volcast.serve")
RETRY_AFTER = "10"  # seconds, if a file is in use
ERRORS_SHOWN = 20
API_ROUTES = (status_routes, ledger_routes, model_routes, admin_routes)
PAGE_ROUTES = (
    overview_route,
    ticker_route,
    changing_routes,
    page_model_routes,
    status_page_routes,
    signing_routes,
)
THREADS = 8  # in which requests are answered; each has a connection to the ledger


def build_app(options: ServeOptions, clock: Clock) -> FastAPI:
    """Return the application that serves a home.

    Parameters
    ----------
    options
        What is served, to whom.
    clock
        Returns the time, with a timezone.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/openapi.json", lifespan=_live)
    state = ServerState(options.home, clock)
    app.state.server, app.state.options = state, options
    app.state.metrics = ServerMetrics(state)
    app.state.retrainings = Retrainings(state, app.state.metrics.count_retraining)
    app.state.changes, app.state.verifications = ChampionChanges(state), Verifications(state)
    app.state.tokens, app.state.sessions = options.tokens, Sessions()
    for each in (*API_ROUTES, *PAGE_ROUTES):
        app.include_router(each.router)
    install_openapi(app)
    _install_errors(app)
    _install_security(app)
    return app


@asynccontextmanager
async def _live(app: FastAPI) -> AsyncIterator[None]:
    """Prepare what is slow while the server answers already; end what it started."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    preparation = Preparation(app.state.server)
    preparation.start()
    yield
    preparation.stop()
    await anyio.to_thread.run_sync(app.state.retrainings.close)


def _install_security(app: FastAPI) -> None:
    """Surround all routes; what is added last is asked first."""
    options: ServeOptions = app.state.options
    app.add_middleware(
        AccessMiddleware,
        tokens=app.state.tokens,
        sessions=app.state.sessions,
        clock=app.state.server.clock,
        required=not options.is_local,
        read_only=options.read_only,
    )
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(RateLimitMiddleware, rate=options.rate)
    app.add_middleware(
        HeadersMiddleware, hosts=options.host_names, observe=app.state.metrics.observe_request
    )


def _install_errors(app: FastAPI) -> None:
    """Answer every error as a problem; what went wrong inside is only in the log."""

    @app.exception_handler(RequestError)
    def answer_request(request: Request, error: RequestError) -> Response:
        return answer_problem(request, error)

    @app.exception_handler(HTTPException)
    def answer_http(request: Request, error: HTTPException) -> Response:
        return answer_problem(request, _explain_http(request, error))

    @app.exception_handler(RequestValidationError)
    def answer_input(request: Request, error: RequestValidationError) -> Response:
        return answer_problem(request, _explain_input(error))

    @app.exception_handler(VolcastError)
    def answer_volcast(request: Request, error: VolcastError) -> Response:
        return answer_problem(request, _explain_volcast(app.state.server, error))

    @app.exception_handler(Exception)
    def answer_fault(_: Request, error: Exception) -> Response:
        LOG.error("a request failed: %s", type(error).__name__, exc_info=error)
        return build_problem_answer(RequestError(500, "the server failed; its log says why"))


def _explain_http(request: Request, error: HTTPException) -> RequestError:
    details = {
        404: "there is no such address; /openapi.json lists all of them",
        405: f"this address has no method {request.method[:20]}",
    }
    detail = details.get(error.status_code, "the request cannot be answered")
    return RequestError(error.status_code, detail, headers=error.headers)


def _explain_input(error: RequestValidationError) -> RequestError:
    """Return where inputs break their rule; the inputs themselves are not repeated."""
    errors: list[dict[str, str]] = []
    for each in error.errors()[:ERRORS_SHOWN]:
        place: tuple[Any, ...] = each["loc"]
        message = str(each["msg"]).removeprefix("Value error, ")
        errors.append({"name": ".".join(str(part)[:64] for part in place), "message": message})
    return RequestError(422, "an input breaks its rule; `errors` says which", errors=errors)


def _explain_volcast(state: ServerState, error: VolcastError) -> RequestError:
    if not state.home.ledger.exists():
        return RequestError(404, "there is no ledger yet; run `volcast retrain`")
    LOG.error("%s", error)
    headers = {"retry-after": RETRY_AFTER} if isinstance(error, StorageError) else {}
    return RequestError(503, state.redact(str(error)), headers=headers)
