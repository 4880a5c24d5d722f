"""Signing in with a token, and out: a cookie that no script and no other site can use."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from volcast.pipeline.serve.pages.form import read_form
from volcast.pipeline.serve.pages.rendering import render_page
from volcast.pipeline.serve.security.access import read_session_cookie
from volcast.pipeline.serve.security.sessions import COOKIE, LASTS, Sessions
from volcast.pipeline.serve.security.tokens import TokenFile
from volcast.pipeline.serve.state import ServerState

Form = Annotated[dict[str, str], Depends(read_form)]
Next = Annotated[str, Query(max_length=500)]

router = APIRouter(include_in_schema=False)


@router.get("/login")
def show_login(request: Request, next: Next = "/") -> Response:
    """Return the form that asks for a token."""
    return render_page(request, "login", next=check_address(next), problem="")


@router.post("/login")
def sign_in(request: Request, form: Form) -> Response:
    """Open a session for the token of the form."""
    tokens: TokenFile = request.app.state.tokens
    sessions: Sessions = request.app.state.sessions
    state: ServerState = request.app.state.server
    address = check_address(form.get("next", "/"))
    token = tokens.find(form.get("token", "").strip())
    if token is None:
        words = "Unknown or revoked token."
        return render_page(request, "login", status=401, next=address, problem=words)
    answer = RedirectResponse(address, status_code=303)
    answer.set_cookie(
        COOKIE,
        sessions.open(token.id, state.clock()),
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
def sign_out(request: Request) -> Response:
    """End the session."""
    sessions: Sessions = request.app.state.sessions
    number = read_session_cookie(request.headers.get("cookie", ""))
    if number:
        sessions.close(number)
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


def check_address(address: str) -> str:
    """Return an address of this server; the overview in place of any other.

    Examples
    --------
    >>> check_address("/models"), check_address("//elsewhere.example"), check_address("https:x")
    ('/models', '/', '/')
    """
    printable = address.isascii() and address.isprintable()
    own = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if own and printable else "/"
