"""Who asks, and whether they may.

Whatever a route is, reading needs a token, and everything else an admin's: a route that is added
later is closed, too. Open are only `OPEN_PATHS`. Without any token a server reads for everybody who
reaches it, which is this machine alone, and changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from volcast.pipeline.errors import StorageError
from volcast.pipeline.serve.problems import RequestError, build_problem_answer
from volcast.pipeline.serve.security.sessions import COOKIE, Sessions
from volcast.pipeline.serve.security.tokens import Role, Token, TokenFile
from volcast.pipeline.serve.state import Clock

LOG = logging.getLogger("volcast.serve")
OPEN_PATHS = ("/healthz", "/readyz", "/login")
OPEN_FOLDER = "/static/"
SIGNING_OUT = "/logout"
API = "/v1/"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CHALLENGE = {"www-authenticate": 'Bearer realm="volcast"'}
SAME_ORIGIN = ("same-origin", "none")


@dataclass(frozen=True)
class Identity:
    """Who asks.

    Attributes
    ----------
    name
        Of the token; "anonymous" on a server without tokens.
    role
        What they may do.
    by_cookie
        Whether a browser asks, which sends its cookie along with whatever page it shows.
    """

    name: str
    role: Role
    by_cookie: bool = False


ANONYMOUS = Identity("anonymous", "read")


class AccessMiddleware:
    """Finds out who asks, and refuses what they may not do.

    Parameters
    ----------
    app
        The application.
    tokens
        The tokens.
    sessions
        The sign-ins of browsers.
    clock
        Returns the time, with a timezone.
    required
        Whether nobody is served without a token, even if there is none.
    read_only
        Whether admins may change nothing either.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tokens: TokenFile,
        sessions: Sessions,
        clock: Clock,
        required: bool,
        read_only: bool,
    ) -> None:
        self._app, self._tokens, self._sessions, self._clock = app, tokens, sessions, clock
        self._required, self._read_only = required, read_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with `request.state.identity`, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            identity = self._authorise(scope, headers)
        except StorageError as error:
            LOG.error("%s", error)
            problem = RequestError(503, "the tokens cannot be read; the log of the server says why")
            await build_problem_answer(problem)(scope, receive, send)
            return
        except RequestError as problem:
            answer = self._refuse(problem, scope, headers)
            await answer(scope, receive, send)
            return
        scope.setdefault("state", {})["identity"] = identity
        if scope["method"] in SAFE_METHODS or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _log_status(scope, identity, send))

    def _authorise(self, scope: Scope, headers: Mapping[str, str]) -> Identity | None:
        """Return who asks, None where nobody need be known; raise a problem if they may not."""
        path, changes = scope["path"], scope["method"] not in SAFE_METHODS
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            if changes:
                _check_origin(headers)
            return self._find_identity(headers, strict=False)
        identity = self._find_identity(headers, strict=True)
        if identity is None:
            if self._required or changes or self._tokens.list_tokens():
                raise RequestError(401, "a valid token is needed", headers=CHALLENGE)
            identity = ANONYMOUS
        if changes:
            self._check_change(path, identity, headers)
        return identity

    def _check_change(self, path: str, identity: Identity, headers: Mapping[str, str]) -> None:
        if identity.by_cookie:
            _check_origin(headers)
            if path.startswith(API):
                raise RequestError(403, "the API needs a token, not a browser's sign-in")
            if path == SIGNING_OUT:
                return
        if identity.role != "admin":
            raise RequestError(403, f"the token {identity.name} may only read")
        if self._read_only:
            raise RequestError(403, "this server only reads; start it without --read-only")

    def _find_identity(self, headers: Mapping[str, str], *, strict: bool) -> Identity | None:
        """Return who has the token or the session of a request; None without either.

        A token that is not valid is refused even where none is needed, if `strict`.
        """
        given = headers.get("authorization")
        if given is not None and strict:
            token = self._tokens.find(_parse_bearer(given))
            if token is None:
                raise RequestError(401, "the token is unknown or revoked", headers=CHALLENGE)
            return Identity(token.name, token.role)
        return self._find_session(headers.get("cookie", ""))

    def _refuse(self, problem: RequestError, scope: Scope, headers: Mapping[str, str]) -> Response:
        """Return the answer to a refused request: a browser without a token is asked for one."""
        is_page = "text/html" in headers.get("accept", "") and not scope["path"].startswith(API)
        if problem.status == 401 and is_page and scope["method"] == "GET":
            return RedirectResponse(f"/login?next={quote(scope['path'], safe='/')}", 303)
        given = headers.get("authorization")
        token = self._tokens.find(_parse_bearer(given)) if given else None
        _log(problem.status, scope, token.name if token else "none")
        return build_problem_answer(problem)

    def _find_session(self, cookies: str) -> Identity | None:
        number = read_session_cookie(cookies)
        identifier = self._sessions.find(number, self._clock()) if number else None
        if identifier is None or not self._tokens.is_valid(identifier):
            return None
        token = _get(self._tokens.list_tokens(), identifier)
        return Identity(token.name, token.role, by_cookie=True)


def read_session_cookie(cookies: str) -> str | None:
    """Return the number of the session in the header ``Cookie``; None if there is none."""
    try:
        morsel = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _get(tokens: list[Token], identifier: str) -> Token:
    return next(each for each in tokens if each.id == identifier)


def _parse_bearer(value: str) -> str:
    scheme, _, token = value.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _check_origin(headers: Mapping[str, str]) -> None:
    """Refuse a form that another site made the browser send."""
    origin = headers.get("origin")
    try:
        sent_by = None if origin is None else urlsplit(origin).netloc.lower()
    except ValueError:
        sent_by = ""
    if sent_by is None:
        same = headers.get("sec-fetch-site", SAME_ORIGIN[0]) in SAME_ORIGIN
    else:
        same = sent_by == headers.get("host", "").lower()
    if not same:
        raise RequestError(403, "the form comes from another site")


def _log_status(scope: Scope, identity: Identity | None, send: Send) -> Send:
    """Return a channel that also logs the status, with the name of the token."""
    name = identity.name if identity else "none"

    async def send_and_log(message: Message) -> None:
        if message["type"] == "http.response.start":
            _log(message["status"], scope, name)
        await send(message)

    return send_and_log


def _log(status: int, scope: Scope, name: str) -> None:
    """Log a request by the name of its token, without its query and its body."""
    LOG.info("%d %s %s token=%s", status, _quote(scope["method"]), _quote(scope["path"]), name)


def _quote(text: str) -> str:
    """Return text of a request as the log may show it: one line, short, ASCII."""
    return quote(text[:200], safe="/")
