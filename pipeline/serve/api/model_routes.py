"""The models: who is champion, and what is known of each version."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from volcast.pipeline.ledger.chain import read_head
from volcast.pipeline.serve.api import parameters as asked
from volcast.pipeline.serve.api.answers import CSV, JSON, answer, build_tag, choose_media_type
from volcast.pipeline.serve.api.documents import ChampionDocument, VersionDocument, VersionRow
from volcast.pipeline.serve.api.field_types import LARGEST_NUMBER
from volcast.pipeline.serve.api.openapi import describe_answers
from volcast.pipeline.serve.api.rows import Page
from volcast.pipeline.serve.cached_reads import find_champion, find_version, find_versions
from volcast.pipeline.serve.problems import RequestError
from volcast.pipeline.serve.reading.versions import find_state, read_curves
from volcast.pipeline.serve.state import ServerState

router = APIRouter(prefix="/v1", tags=["models"])
NoParameters = Annotated[asked.NoParameters, Query()]
Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="number of the version")]


@router.get("/champion", response_model=ChampionDocument, responses=describe_answers(404))
def show_champion(request: Request, _: NoParameters) -> Response:
    """Return the version whose forecasts are issued."""
    state: ServerState = request.app.state.server
    media_type = choose_media_type(request.headers.get("accept", ""), (JSON,))
    with state.ledger.snapshot() as connection:
        tag = build_tag(read_head(connection), media_type, _hash_state(state))
        champion = find_champion(state)
        if champion is None:
            raise RequestError(404, "there is no champion yet; run `volcast retrain`")
        return answer(request, tag, lambda: champion)


@router.get("/models", response_model=Page[VersionRow], responses=describe_answers(csv=True))
def list_models(request: Request, _: NoParameters) -> Response:
    """Return all versions, the newest first."""
    state: ServerState = request.app.state.server
    media_type = choose_media_type(request.headers.get("accept", ""), (JSON, CSV))
    with state.ledger.snapshot() as connection:
        tag = build_tag(read_head(connection), media_type, _hash_state(state))
    names = VersionRow.model_fields

    def build() -> dict[str, object]:
        rows = [{name: row[name] for name in names} for row in find_versions(state)]
        return {"items": rows, "next": None}

    return answer(request, tag, build, media_type=media_type, items="items")


@router.get("/models/{version}", response_model=VersionDocument, responses=describe_answers(404))
def show_model(request: Request, version: Number, _: NoParameters) -> Response:
    """Return a version with its settings, hashes and training curves."""
    state: ServerState = request.app.state.server
    media_type = choose_media_type(request.headers.get("accept", ""), (JSON,))
    row = find_version(state, version)
    with state.ledger.snapshot() as connection:
        tag = build_tag(read_head(connection), media_type, _hash_state(state))
    names = VersionDocument.model_fields

    def build() -> dict[str, object]:
        curves = read_curves(state.home, row["run"])
        return {name: {**row, "curves": curves}[name] for name in names}

    return answer(request, tag, build)


def _hash_state(state: ServerState) -> str:
    """Return a few digits that change with the registry and the champion."""
    from volcast.pipeline.files import hash_value

    return hash_value(find_state(state.home))[:12]
