"""Promotion, rollback and retraining by an admin: a page that asks why, then the change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from volcast.pipeline.serve.admin.champion_change import ChampionChanges
from volcast.pipeline.serve.admin.retraining import Retrainings
from volcast.pipeline.serve.api.admin_routes import ChangeRequest, name_person
from volcast.pipeline.serve.api.field_types import LARGEST_NUMBER
from volcast.pipeline.serve.cached_reads import find_champion, find_version
from volcast.pipeline.serve.pages.form import read_form
from volcast.pipeline.serve.pages.rendering import render_page
from volcast.pipeline.serve.problems import RequestError
from volcast.pipeline.serve.security.access import Identity
from volcast.pipeline.serve.state import ServerState

Form = Annotated[dict[str, str], Depends(read_form)]
Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]
RETRAIN: dict[str, Any] = {
    "title": "Retrain now",
    "consequence": "The job of the evening runs now, and trains a challenger whether or not one is "
    "due. It changes the champion only if the gate decides so.",
    "button": "Retrain",
    "back": "/health",
}

router = APIRouter(include_in_schema=False)


@router.get("/models/{version}/promote")
def confirm_promotion(request: Request, version: Number) -> Response:
    """Return the page that asks who promotes a version, and why."""
    return _confirm_change(request, _describe_promotion(request, version))


@router.post("/models/{version}/promote")
def promote(request: Request, version: Number, form: Form) -> Response:
    """Promote a version, and show the models."""
    changes: ChampionChanges = request.app.state.changes
    words = _describe_promotion(request, version)
    return _change(request, form, words, lambda who, why: changes.promote(version, who, why))


@router.get("/rollback")
def confirm_rollback(request: Request) -> Response:
    """Return the page that asks who rolls back, and why."""
    return _confirm_change(request, _describe_rollback(request))


@router.post("/rollback")
def roll_back(request: Request, form: Form) -> Response:
    """Roll back, and show the models."""
    changes: ChampionChanges = request.app.state.changes
    return _change(request, form, _describe_rollback(request), changes.roll_back)


@router.get("/retrain")
def confirm_retraining(request: Request) -> Response:
    """Return the page that asks whether to retrain."""
    _check_admin(request)
    return render_page(request, "confirm", asks_why=False, problem="", **RETRAIN)


@router.post("/retrain")
def retrain(request: Request) -> Response:
    """Start a retraining, and show the health, where it is listed."""
    retrainings: Retrainings = request.app.state.retrainings
    identity: Identity = request.state.identity
    try:
        retrainings.start(identity.name, if_due=False)
    except RequestError as error:
        values = {"asks_why": False, "problem": error.detail, **RETRAIN}
        return render_page(request, "confirm", status=error.status, **values)
    return RedirectResponse("/health", status_code=303)


def _describe_promotion(request: Request, version: int) -> dict[str, Any]:
    state: ServerState = request.app.state.server
    found = find_version(state, version)
    name = f"{found['model']} {version}"
    champion = find_champion(state)
    before = f"{champion['model']} {champion['version']}" if champion else "the fallback"
    return {
        "title": f"Promote {name}",
        "consequence": f"From the next evening on, {name} issues the forecasts in place of "
        f"{before}, whatever the gate decided. The ledger keeps who decided, and why.",
        "button": f"Promote {name}",
        "back": "/models",
    }


def _describe_rollback(request: Request) -> dict[str, Any]:
    champion = find_champion(request.app.state.server)
    name = f"{champion['model']} {champion['version']}" if champion else "the champion"
    return {
        "title": "Roll back",
        "consequence": f"The version that {name} replaced becomes champion again. The ledger keeps "
        "who decided, and why.",
        "button": "Roll back",
        "back": "/models",
    }


def _confirm_change(request: Request, words: dict[str, Any]) -> Response:
    _check_admin(request)
    return _ask(request, words, {})


def _ask(
    request: Request,
    words: dict[str, Any],
    form: dict[str, str],
    problem: str = "",
    status: int = 200,
) -> Response:
    given = {name: form.get(name, "") for name in ("who", "why")}
    values = {"asks_why": True, "problem": problem, **given, **words}
    return render_page(request, "confirm", status=status, **values)


def _change(
    request: Request,
    form: dict[str, str],
    words: dict[str, Any],
    carry_out: Callable[[str, str], object],
) -> Response:
    """Carry a change out, and show the models; what is wrong is shown with the form."""
    try:
        wanted = ChangeRequest(who=form.get("who", ""), why=form.get("why", ""))
    except ValidationError:
        problem = "Give a name and a reason, each on one line."
        return _ask(request, words, form, problem, 422)
    try:
        carry_out(name_person(request, wanted.who), wanted.why)
    except RequestError as error:
        return _ask(request, words, form, error.detail, error.status)
    return RedirectResponse("/models", status_code=303)


def _check_admin(request: Request) -> None:
    identity: Identity | None = request.state.identity
    if identity is None or identity.role != "admin" or request.app.state.options.read_only:
        raise RequestError(403, "only admins change anything; sign in with an admin's token")
