"""Outcomes of earlier forecasts, joined to them and revised from the newest bars."""

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

REVISION_SESSIONS = 10  # in which a source may still revise bars or deliver late ones
CELL = ["origin", "target_start", "target_end", "ticker", "horizon"]


def join_outcomes(context: JobContext) -> int:
    """Write the outcomes known by now to the ledger; return the number of new rows.

    Targets that ended in the last ten sessions are computed again: a late or revised bar gives a
    second row. Those of forecasts without a level factor, of an earlier version, are not: their
    variance was measured in another way.
    """
    since = RowFilter(ended_after=context.sessions_ago(REVISION_SESSIONS))
    recent = context.ledger.table("forecasts", since, columns=[*CELL, "level_factor"])
    ended = recent.loc[recent["level_factor"].notna() & (recent["target_end"] <= context.day), CELL]
    pending = context.ledger.pending_targets(context.day.date())
    cells = pd.concat([pending, ended]).drop_duplicates(CELL)
    keys = pd.Index(zip(cells["ticker"], cells["horizon"], strict=True))
    outcomes = []
    for panel in _list_panels(context):
        origin = int(panel.sessions.searchsorted(context.day))
        covered = keys.isin([(t, h) for t in panel.tickers for h in panel.horizons])
        known = _mask_unknown_targets(panel, origin)
        outcomes += build_outcomes(cells[covered], known, context.data_hash)
        cells, keys = cells[~covered], keys[~covered]
    return context.ledger.add_outcomes(outcomes, now=context.now)


def _list_panels(context: JobContext) -> list[Panel]:
    """Return the current panel and those of models trained under other settings."""
    registry_view, panels = context.registry_view, [context.panel]
    for version in (registry_view.champion, registry_view.challenger):
        if version is None or version.model != NETWORK:
            continue
        try:
            panels.append(context.panels.for_model(registry_view.load(version)))
        except VolcastError:  # reported when it gives no forecast
            continue
    return panels


def _mask_unknown_targets(panel: Panel, origin: int) -> Panel:
    """Return the panel with NaN for the targets that are not known at `origin`."""
    known = panel.target_end <= panel.sessions.to_numpy()[origin]
    return replace(panel, target=np.where(known, panel.target, np.nan))
