"""The models: the champion's history, the evidence of the gate, and each version."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from markupsafe import Markup
from starlette.responses import Response

from volcast.pipeline.errors import VolcastError
from volcast.pipeline.serve.api.field_types import LARGEST_NUMBER
from volcast.pipeline.serve.cached_reads import (
    CHANGES,
    build_records,
    find_champion,
    find_scores,
    find_version,
    find_versions,
)
from volcast.pipeline.serve.pages.line_chart import Line, draw_chart
from volcast.pipeline.serve.pages.rendering import render_page
from volcast.pipeline.serve.reading.origin_rows import Row
from volcast.pipeline.serve.reading.sequence_rows import read_sequence_page
from volcast.pipeline.serve.reading.settings import load_home_settings
from volcast.pipeline.serve.reading.versions import read_curves
from volcast.pipeline.serve.state import ServerState

GATE = "gate "  # how the keys of the gate's decisions begin
DECISIONS_READ = 400
GATE_SHOWN = 60
CHANGES_SHOWN = 30
QLIKE = re.compile(r"\w+_qlike_(?P<horizon>\d+)_(?P<model>\w+)")
BASELINE = "har"
EVIDENCE_SHOWN = 1e6  # more is drawn as this much

router = APIRouter(include_in_schema=False)


@router.get("/models")
def show_models(request: Request) -> Response:
    """Return the page of all models."""
    state: ServerState = request.app.state.server
    with state.ledger.snapshot() as connection:
        decisions = read_sequence_page(connection, "decisions", {}, DECISIONS_READ).rows
        changes = [
            row
            for action in CHANGES
            for row in read_sequence_page(
                connection, "decisions", {"action": action}, CHANGES_SHOWN
            ).rows
            if not row["key"].startswith(GATE)
        ]
    gate = build_records(state, [row for row in decisions if row["key"].startswith(GATE)])
    versions = [{**row, "ratios": compute_ratios(row["metrics"])} for row in find_versions(state)]
    return render_page(
        request,
        "models",
        champion=find_champion(state),
        versions=versions,
        horizons=sorted({horizon for row in versions for horizon in row["ratios"]}),
        gate=gate[:GATE_SHOWN],
        chart=draw_evidence(gate[:GATE_SHOWN][::-1], _find_required_evidence(state)),
        changes=build_records(state, sorted(changes, key=lambda row: -row["seq"])),
        scores=find_scores(state),
    )


@router.get("/models/{version}")
def show_model(
    request: Request, version: Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]
) -> Response:
    """Return the page of a version."""
    state: ServerState = request.app.state.server
    found = find_version(state, version)
    curves = read_curves(state.home, found["run"])
    facts = {name: value for name, value in found["facts"].items() if value}
    return render_page(
        request, "model", version={**found, "facts": facts}, chart=_draw_curves(curves)
    )


def compute_ratios(metrics: dict[str, float]) -> dict[int, float]:
    """Return QLIKE over that of HAR by horizon, of a version's own metrics.

    Examples
    --------
    >>> compute_ratios({"validation_qlike_5_network": 0.2, "validation_qlike_5_har": 0.4})
    {5: 0.5}
    """
    found: dict[int, dict[str, float]] = {}
    for name, value in metrics.items():
        parts = QLIKE.fullmatch(name)
        if parts:
            kind = BASELINE if parts["model"] == BASELINE else "own"
            found.setdefault(int(parts["horizon"]), {})[kind] = value
    return {
        horizon: losses["own"] / losses[BASELINE]
        for horizon, losses in sorted(found.items())
        if losses.keys() >= {"own", BASELINE} and losses[BASELINE] > 0
    }


def draw_evidence(gate: list[Row], required: float | None) -> Markup:
    """Return the chart of the evidence for the challenger, the oldest decision on the left.

    Evidence above a million is drawn as a million, so that what is required stays in sight.
    """

    def read(row: Row) -> float | None:
        challenge = row["numbers"].get("challenge")
        evidence = challenge.get("evidence") if isinstance(challenge, dict) else None
        return math.log10(min(evidence, EVIDENCE_SHOWN)) if evidence and evidence > 0 else None

    values = [read(row) for row in gate]
    if not any(value is not None for value in values):
        return Markup()
    lines = [Line("evidence", "forecast", values)]
    if required is not None:
        lines.insert(0, Line("required", "limit", [math.log10(required)] * len(values)))
    return draw_chart(
        [row["key"].removeprefix(GATE) for row in gate],
        lines,
        alt="Evidence of the gate for the challenger, as a base-10 logarithm, by decision, and "
        "what is required for a promotion; the decisions below have the numbers.",
        from_zero=False,
    )


def _find_required_evidence(state: ServerState) -> float | None:
    """Return the evidence that the next evening requires; None if its settings cannot be read."""
    try:
        return 1.0 / load_home_settings(state.home).job.gate_alpha
    except VolcastError:
        return None


def _draw_curves(curves: list[dict[str, Any]]) -> Markup:
    return draw_chart(
        [str(point["epoch"]) for point in curves],
        [
            Line("training loss", "forecast", [point["train_loss"] for point in curves]),
            Line("validation loss", "realized", [point["val_loss"] for point in curves]),
        ],
        alt="Losses on the training and the validation part by epoch.",
        from_zero=False,
    )
