"""The shadow period: what networks would have forecast before the first evening of a home."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.catalogue import NETWORK, REFERENCE
from models.forecaster import Forecaster
from models.har import LogHAR
from models.network import Network
from pipeline import walk
from pipeline.daily.evening import Evening
from pipeline.daily.settings import recipe as recipe_of
from pipeline.daily.training import fold_from
from pipeline.errors import DataError
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.records import Decision
from pipeline.panels import sample_of
from reports.scores import qlike

SHADOW = "shadow"  # the decision's action
EVERY_TICKER = "mean of the tickers"


def keep_shadow(evening: Evening) -> None:
    """On the first evening, write down the losses of network and HAR over the sessions before.

    Both are trained anew every `split.refit_every` sessions on what was known then, and forecast
    the sessions after: days that neither had seen. So the first network need not wait for years
    to show what it is worth. At most half of the history is taken, the rest is trained on. Nothing
    is written where it is too short.
    """
    job = evening.config.job
    first = next(evening.ledger.decisions(SHADOW, "keep", "promote", "demote"), None) is None
    if not (first and job.shadow_sessions and job.gate_horizon in evening.panel.horizons):
        return
    try:
        losses = _losses(evening, job.shadow_sessions)
    except DataError:
        return
    if losses.empty:
        return
    numbers = {
        "recipe": recipe_of(evening.config),
        "origins": [f"{origin:%Y-%m-%d}" for origin in losses.index],
        **{name: losses[name].tolist() for name in (NETWORK, REFERENCE)},
    }
    decision = Decision(
        key=f"{SHADOW} {evening.day.date()}",
        action=SHADOW,
        subject=NETWORK,
        numbers=numbers,
        reason=f"networks and HAR trained every {evening.config.split.refit_every} sessions, over "
        f"the {len(losses)} sessions before the first evening",
    )
    evening.ledger.add_decision(decision, now=evening.now)


def shadow_losses(ledger: Ledger, recipe: str) -> pd.DataFrame:
    """Return `origin, ticker, network, har`: the losses that `keep_shadow` wrote, if it did.

    None where the networks of the shadow were made by another recipe.
    """
    told = next(ledger.decisions(SHADOW), None)
    numbers = told.numbers if told else {}
    if numbers.get("recipe") != recipe:
        return pd.DataFrame(columns=["origin", "ticker", NETWORK, REFERENCE])
    table = pd.DataFrame({name: numbers[name] for name in (NETWORK, REFERENCE)})
    return table.assign(origin=pd.to_datetime(numbers["origins"]), ticker=EVERY_TICKER)


def _losses(evening: Evening, sessions: int) -> pd.DataFrame:
    """Return QLIKE by origin, the tickers averaged, of targets known this evening."""
    panel, config = evening.panel, evening.config
    place = panel.horizons.index(config.job.gate_horizon)
    known = panel.target_end[:, :, place] <= panel.sessions.to_numpy()[evening.origin]
    target = np.where(known, panel.target[:, :, place], np.nan)
    found: dict[str, list[np.ndarray]] = {NETWORK: [], REFERENCE: []}
    first = max(evening.origin - sessions, evening.origin // 2)
    evening.progress.stage(f"what networks would have forecast from {panel.sessions[first].date()}")
    starts = range(first, evening.origin, config.split.refit_every)
    for number, start in enumerate(starts):
        evening.progress.fold(number, len(starts), str(panel.sessions[start].date()))
        origins = slice(start, min(start + config.split.refit_every, evening.origin))
        models: dict[str, Forecaster] = {
            NETWORK: Network(walk.regressor_of(config)),
            REFERENCE: LogHAR(),
        }
        bounds, _ = walk.fit(models, sample_of(panel), fold_from(panel, config, start))
        seen = sample_of(panel).until(origins.stop - 1)
        for name, model in models.items():
            variance = walk.bounded_forecast(model, seen, origins, bounds)["variance"]
            found[name].append(qlike(target[origins], variance[:, :, place]))
    losses = {name: np.concatenate(parts) for name, parts in found.items()}
    both = np.isfinite(losses[NETWORK]) & np.isfinite(losses[REFERENCE])
    days = both.any(axis=1)
    index = panel.sessions[first : evening.origin][days]
    return pd.DataFrame(
        {n: np.nanmean(np.where(both, x, np.nan)[days], axis=1) for n, x in losses.items()},
        index=index,
    )
