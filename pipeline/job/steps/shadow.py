"""The shadow period: what networks would have forecast before the first evening of a home."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.baselines.har import LogHAR
from volcast.models.forecaster import Forecaster
from volcast.models.network import Network
from volcast.pipeline.backtest.walk_forward import (
    build_regressor,
    fit_models,
    forecast_within_bounds,
)
from volcast.pipeline.errors import DataError
from volcast.pipeline.job.challenger import fold_from
from volcast.pipeline.job.config_archive import recipe as recipe_of
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.panel.build import build_sample
from volcast.reports.scores import qlike

SHADOW = "shadow"  # the decision's action
EVERY_TICKER = "mean of the tickers"


def keep_shadow(context: JobContext) -> None:
    """On the first evening, write down the losses of network and HAR over the sessions before.

    Both are trained anew every `split.refit_every` sessions on what was known then, and forecast
    the sessions after: days that neither had seen. So the first network need not wait for years
    to show what it is worth. At most half of the history is taken, the rest is trained on. Nothing
    is written where it is too short.
    """
    job = context.config.job
    first = next(context.ledger.decisions(SHADOW, "keep", "promote", "demote"), None) is None
    if not (first and job.shadow_sessions and job.gate_horizon in context.panel.horizons):
        return
    try:
        losses = _losses(context, job.shadow_sessions)
    except DataError:
        return
    if losses.empty:
        return
    numbers = {
        "recipe": recipe_of(context.config),
        "origins": [f"{origin:%Y-%m-%d}" for origin in losses.index],
        **{name: losses[name].tolist() for name in (NETWORK, REFERENCE)},
    }
    decision = Decision(
        key=f"{SHADOW} {context.day.date()}",
        action=SHADOW,
        subject=NETWORK,
        numbers=numbers,
        reason=f"networks and HAR trained every {context.config.split.refit_every} sessions, over "
        f"the {len(losses)} sessions before the first evening",
    )
    context.ledger.add_decision(decision, now=context.now)


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


def _losses(context: JobContext, sessions: int) -> pd.DataFrame:
    """Return QLIKE by origin, the tickers averaged, of targets known this evening."""
    panel, config = context.panel, context.config
    place = panel.horizons.index(config.job.gate_horizon)
    known = panel.target_end[:, :, place] <= panel.sessions.to_numpy()[context.origin]
    target = np.where(known, panel.target[:, :, place], np.nan)
    found: dict[str, list[np.ndarray]] = {NETWORK: [], REFERENCE: []}
    first = max(context.origin - sessions, context.origin // 2)
    context.progress.stage(f"what networks would have forecast from {panel.sessions[first].date()}")
    starts = range(first, context.origin, config.split.refit_every)
    for number, start in enumerate(starts):
        context.progress.fold(number, len(starts), str(panel.sessions[start].date()))
        origins = slice(start, min(start + config.split.refit_every, context.origin))
        models: dict[str, Forecaster] = {
            NETWORK: Network(build_regressor(config)),
            REFERENCE: LogHAR(),
        }
        bounds, _ = fit_models(models, build_sample(panel), fold_from(panel, config, start))
        seen = build_sample(panel).until(origins.stop - 1)
        for name, model in models.items():
            variance = forecast_within_bounds(model, seen, origins, bounds)["variance"]
            found[name].append(qlike(target[origins], variance[:, :, place]))
    losses = {name: np.concatenate(parts) for name, parts in found.items()}
    both = np.isfinite(losses[NETWORK]) & np.isfinite(losses[REFERENCE])
    days = both.any(axis=1)
    index = panel.sessions[first : context.origin][days]
    return pd.DataFrame(
        {n: np.nanmean(np.where(both, x, np.nan)[days], axis=1) for n, x in losses.items()},
        index=index,
    )
