"""What came of earlier forecasts, joined and revised from the bars of the evening."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK
from volcast.pipeline.errors import VolcastError
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.ledger.outcomes import build_outcomes
from volcast.pipeline.ledger.queries import RowFilter

REVISED = 10  # sessions that a source may still revise, and in which late bars come
CELL = ["origin", "target_start", "target_end", "ticker", "horizon"]


def join_outcomes(context: JobContext) -> int:
    """Write what is known by the evening; return how many rows were new.

    Targets that ended over the last sessions are looked at again: a bar that came late, or was
    revised, gives a second row.
    """
    day = context.day.date()
    recent = context.ledger.table(
        "forecasts", RowFilter(ended_after=context.sessions_ago(REVISED)), columns=CELL
    )
    ended = recent[recent["target_end"] <= context.day]
    cells = pd.concat([context.ledger.awaited(day), ended]).drop_duplicates(CELL)
    known = pd.Index(zip(cells["ticker"], cells["horizon"], strict=True))
    outcomes = []
    for panel in _panels(context):
        origin = int(panel.sessions.searchsorted(context.day))
        own = known.isin([(t, h) for t in panel.tickers for h in panel.horizons])
        hashes = context.data_hash
        outcomes += build_outcomes(cells[own], _until(panel, origin), hashes)
        cells, known = cells[~own], known[~own]
    return context.ledger.add_outcomes(outcomes, now=context.now)


def _panels(context: JobContext) -> list[Panel]:
    """Return the evening's panel and those of the models that forecast under other settings."""
    registry_view, found = context.registry_view, [context.panel]
    for version in (registry_view.champion, registry_view.challenger):
        if version is None or version.model != NETWORK:
            continue
        try:
            found.append(context.panels.of(registry_view.model(version)))
        except VolcastError:  # told when it gives no forecast
            continue
    return found


def _until(panel: Panel, origin: int) -> Panel:
    """Return the panel with the targets that are not known at `origin` taken out."""
    known = panel.target_end <= panel.sessions.to_numpy()[origin]
    return replace(panel, target=np.where(known, panel.target, np.nan))
