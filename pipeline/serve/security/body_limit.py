"""How large a body may be, and how long it may take to arrive."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from volcast.pipeline.serve.problems import RequestError, build_problem_answer

MAXIMUM_BYTES = 64 * 1024
MAXIMUM_SECONDS = 10.0
WITHOUT_BODY = ("GET", "HEAD")
DISCONNECT = "http.disconnect"


class BodyLimitMiddleware:
    """Reads the body of a request before anything else sees it; refuses one that breaks a limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its whole body, or refuse it."""
        if scope["type"] != "http" or scope["method"] in WITHOUT_BODY:
            await self._app(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(_read_body(scope, receive), MAXIMUM_SECONDS)
        except TimeoutError:
            body = RequestError(408, f"the body did not arrive within {MAXIMUM_SECONDS:.0f} s")
        if isinstance(body, RequestError):
            body.headers["connection"] = "close"
            await build_problem_answer(body)(scope, receive, send)
        elif body is not None:
            await self._app(scope, _replay(body, receive), send)


async def _read_body(scope: Scope, receive: Receive) -> bytes | RequestError | None:
    """Return the body, the problem with it, or None if the caller went away."""
    too_large = RequestError(413, f"a body may have {MAXIMUM_BYTES:,} bytes")
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or int(length[:20]) > MAXIMUM_BYTES:
        return too_large
    body = b""
    while True:
        message = await receive()
        if message["type"] == DISCONNECT:
            return None
        body += bytes(message.get("body", b""))
        if len(body) > MAXIMUM_BYTES:
            return too_large
        if not message.get("more_body", False):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a channel that gives the body once, and then what comes after it."""
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
