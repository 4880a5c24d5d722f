"""What admins do: retrain, promote, roll back; and the proof of the ledger, also a process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request
from pydantic import Field, StrictBool
from pydantic_core import to_json
from starlette.responses import Response

from volcast.pipeline.serve.admin.champion_change import ChampionChanges
from volcast.pipeline.serve.admin.retraining import Job, Retrainings
from volcast.pipeline.serve.admin.verification import Verifications
from volcast.pipeline.serve.api import parameters as asked
from volcast.pipeline.serve.api.answers import JSON
from volcast.pipeline.serve.api.documents import (
    ChangeDocument,
    Document,
    JobDocument,
    ProofDocument,
)
from volcast.pipeline.serve.api.field_types import LARGEST_NUMBER, SENTENCE
from volcast.pipeline.serve.api.openapi import describe_answers
from volcast.pipeline.serve.cached_reads import find_version
from volcast.pipeline.serve.security.access import Identity
from volcast.pipeline.serve.state import ServerState

router = APIRouter(prefix="/v1", tags=["admin"])
NoParameters = Annotated[asked.NoParameters, Query()]
Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="number of the version")]
BODY_PROBLEMS = (408, 409, 413)
Sentence = Annotated[str, Field(min_length=1, max_length=500, pattern=SENTENCE)]


class RetrainRequest(Document):
    """How to retrain."""

    if_due: StrictBool = Field(False, description="train only if a challenger is due")


class ChangeRequest(Document):
    """Who changes the champion, and why; both are recorded in the ledger."""

    who: Annotated[str, Field(min_length=1, max_length=100, pattern=SENTENCE)] = Field(
        description="the person who decides; the name of the token is recorded as well"
    )
    why: Sentence = Field(description="the reason")


@router.post(
    "/retrain",
    status_code=202,
    response_model=JobDocument,
    responses=describe_answers(*BODY_PROBLEMS),
)
def start_retraining(
    request: Request,
    _: NoParameters,
    wanted: Annotated[RetrainRequest | None, Body()] = None,
) -> Response:
    """Start the job of the evening in a process of its own; ask for it at `/v1/jobs/{id}`."""
    retrainings: Retrainings = request.app.state.retrainings
    identity: Identity = request.state.identity
    job = retrainings.start(identity.name, if_due=wanted is not None and wanted.if_due)
    return _answer(_describe_job(job), 202, {"location": f"/v1/jobs/{job.id}"})


@router.get("/jobs/{id}", response_model=JobDocument, responses=describe_answers())
def show_job(
    request: Request, id: Annotated[str, Path(max_length=64)], _: NoParameters
) -> Response:
    """Return a retraining that was asked for."""
    retrainings: Retrainings = request.app.state.retrainings
    return _answer(_describe_job(retrainings.find(id)))


@router.post(
    "/models/{version}/promote",
    response_model=ChangeDocument,
    responses=describe_answers(*BODY_PROBLEMS),
)
def promote(request: Request, version: Number, wanted: ChangeRequest, _: NoParameters) -> Response:
    """Make a version the champion, whatever the gate decided; the ledger records who and why."""
    state: ServerState = request.app.state.server
    changes: ChampionChanges = request.app.state.changes
    find_version(state, version)
    return _answer(changes.promote(version, name_person(request, wanted.who), wanted.why))


@router.post("/rollback", response_model=ChangeDocument, responses=describe_answers(*BODY_PROBLEMS))
def roll_back(request: Request, wanted: ChangeRequest, _: NoParameters) -> Response:
    """Return to the version that the champion replaced; the ledger records who and why."""
    changes: ChampionChanges = request.app.state.changes
    return _answer(changes.roll_back(name_person(request, wanted.who), wanted.why))


@router.get("/ledger/verify", response_model=ProofDocument, responses=describe_answers())
def verify_ledger(request: Request, _: NoParameters) -> Response:
    """Return the proof that no row of the ledger was altered, removed or inserted.

    It is computed at most every ten minutes for the same last row; while it is, the state is
    `running`: ask again.
    """
    verifications: Verifications = request.app.state.verifications
    return _answer(verifications.find())


def name_person(request: Request, who: str) -> str:
    """Return the person who decides with the name of the token, as the ledger records them."""
    identity: Identity = request.state.identity
    return f"{who.strip()} (token {identity.name})"


def _describe_job(job: Job) -> dict[str, object]:
    return asdict(job)


def _answer(document: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        to_json(document, inf_nan_mode="null"),
        status_code=status,
        headers={"cache-control": "no-store", **(headers or {})},
        media_type=JSON,
    )
