"""What came of earlier forecasts, joined and revised from the bars of the evening."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.panel import Panel
from models.catalogue import NETWORK
from pipeline.daily.evening import Evening
from pipeline.errors import VolcastError
from pipeline.ledger.joining import outcomes_of
from pipeline.ledger.reading import Only

REVISED = 10  # sessions that a source may still revise, and in which late bars come
CELL = ["origin", "target_start", "target_end", "ticker", "horizon"]


def join_outcomes(evening: Evening) -> int:
    """Write what is known by the evening; return how many rows were new.

    Targets that ended over the last sessions are looked at again: a bar that came late, or was
    revised, gives a second row.
    """
    day = evening.day.date()
    recent = evening.ledger.table(
        "forecasts", Only(ended_after=evening.sessions_ago(REVISED)), columns=CELL
    )
    ended = recent[recent["target_end"] <= evening.day]
    cells = pd.concat([evening.ledger.awaited(day), ended]).drop_duplicates(CELL)
    known = pd.Index(zip(cells["ticker"], cells["horizon"], strict=True))
    outcomes = []
    for panel in _panels(evening):
        origin = int(panel.sessions.searchsorted(evening.day))
        own = known.isin([(t, h) for t in panel.tickers for h in panel.horizons])
        hashes = evening.data_hash
        outcomes += outcomes_of(cells[own], _until(panel, origin), hashes)
        cells, known = cells[~own], known[~own]
    return evening.ledger.add_outcomes(outcomes, now=evening.now)


def _panels(evening: Evening) -> list[Panel]:
    """Return the evening's panel and those of the models that forecast under other settings."""
    standing, found = evening.standing, [evening.panel]
    for version in (standing.champion, standing.challenger):
        if version is None or version.model != NETWORK:
            continue
        try:
            found.append(evening.panels.of(standing.model(version)))
        except VolcastError:  # told when it gives no forecast
            continue
    return found


def _until(panel: Panel, origin: int) -> Panel:
    """Return the panel with the targets that are not known at `origin` taken out."""
    known = panel.target_end <= panel.sessions.to_numpy()[origin]
    return replace(panel, target=np.where(known, panel.target, np.nan))
