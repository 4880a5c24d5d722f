"""Headers of every answer, the hosts that are served, and how long each answer took."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from volcast.pipeline.serve.problems import RequestError, build_problem_answer

# Pages have no script and no style of their own, and nothing from elsewhere.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# The job's reports carry their style inside; they run no script either.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    # Not `no-referrer`: a browser would then send no origin with a form either.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
TRANSPORT = "max-age=31536000"  # seconds for which a browser asks through TLS only
UNKNOWN_ROUTE = "none"
Observer = Callable[[str, str, int, float], None]


class HeadersMiddleware:
    """Adds the headers, refuses other hosts, and tells an observer about each answer.

    Parameters
    ----------
    app
        The application.
    hosts
        The names by which the server may be addressed, in lower case; empty: by any.
    observe
        Gets method, template of the route, status and seconds of each request.
    """

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str], observe: Observer) -> None:
        self._app, self._hosts, self._observe = app, frozenset(hosts), observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
                if scope["scheme"] == "https":
                    headers["strict-transport-security"] = TRANSPORT
            await send(message)

        if self._hosts and find_host(scope) not in self._hosts:
            problem = RequestError(421, "the server has another name; see --allow-host")
            await build_problem_answer(problem)(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)
        route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
        self._observe(_find_method(scope), route, status, time.perf_counter() - began)


def find_host(scope: Scope) -> str:
    """Return the name in the header ``Host``, in lower case and without the port."""
    for name, value in scope["headers"]:
        if name == b"host":
            host = value.decode("latin-1").strip().lower()
            return str(host.rpartition(":")[0] if _has_port(host) else host)
    return ""


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and (host.count(":") == 1 or "]:" in host)


def _find_method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
