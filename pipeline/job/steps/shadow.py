"""The shadow period: what networks would have forecast before a home's first daily run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.baselines.har import LogHAR
from volcast.models.forecaster import Forecaster
from volcast.models.network import Network
from volcast.pipeline.backtest.model_factory import build_regressor
from volcast.pipeline.backtest.walk_forward import fit_models, forecast_within_bounds
from volcast.pipeline.errors import DataError
from volcast.pipeline.job.challenger import build_fold
from volcast.pipeline.job.config_archive import hash_recipe
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.panel.build import build_sample
from volcast.reports.scoring.scores import qlike

SHADOW = "shadow"  # the decision's action
EVERY_TICKER = "mean of the tickers"


def write_shadow_period(context: JobContext) -> None:
    """In the first daily run, write the losses of network and HAR over the sessions before it.

    Both are trained every `split.refit_every` sessions on what was known then, and forecast the
    sessions after, which neither was trained on. So the first network need not wait for years until
    it can be compared with HAR. At most half of the history is used, the rest is trained on.
    Nothing is written if the history is too short.
    """
    job = context.config.job
    is_first = next(context.ledger.decisions(SHADOW, "keep", "promote", "demote"), None) is None
    if not (is_first and job.shadow_sessions and job.gate_horizon in context.panel.horizons):
        return
    try:
        losses = _compute_losses(context, job.shadow_sessions)
    except DataError:
        return
    if losses.empty:
        return
    numbers = {
        "recipe": hash_recipe(context.config),
        "origins": [f"{origin:%Y-%m-%d}" for origin in losses.index],
        **{name: losses[name].tolist() for name in (NETWORK, REFERENCE)},
    }
    decision = Decision(
        key=f"{SHADOW} {context.day.date()}",
        action=SHADOW,
        subject=NETWORK,
        numbers=numbers,
        reason=f"network and HAR trained every {context.config.split.refit_every} sessions over "
        f"the {len(losses)} sessions before the first daily run",
    )
    context.ledger.add_decision(decision, now=context.now)


def read_shadow_losses(ledger: Ledger, recipe: str) -> pd.DataFrame:
    """Return `origin, ticker, network, har`: the losses that `write_shadow_period` wrote.

    Parameters
    ----------
    ledger
        The home's ledger.
    recipe
        The hash of the newest network's model settings; the table is empty if the networks of the
        shadow period had other settings, or if there was no shadow period.
    """
    stored = next(ledger.decisions(SHADOW), None)
    numbers = stored.numbers if stored else {}
    if numbers.get("recipe") != recipe:
        return pd.DataFrame(columns=["origin", "ticker", NETWORK, REFERENCE])
    table = pd.DataFrame({name: numbers[name] for name in (NETWORK, REFERENCE)})
    return table.assign(origin=pd.to_datetime(numbers["origins"]), ticker=EVERY_TICKER)


def _compute_losses(context: JobContext, sessions: int) -> pd.DataFrame:
    """Return QLIKE by origin, averaged over the tickers, of targets known at the origin."""
    panel, every = context.panel, context.config.split.refit_every
    place = panel.horizons.index(context.config.job.gate_horizon)
    known = panel.target_end[:, :, place] <= panel.sessions.to_numpy()[context.origin]
    target = np.where(known, panel.target[:, :, place], np.nan)
    parts: dict[str, list[np.ndarray]] = {NETWORK: [], REFERENCE: []}
    first = max(context.origin - sessions, context.origin // 2)
    context.progress.stage(f"computing the shadow period from {panel.sessions[first].date()} on")
    starts = range(first, context.origin, every)
    for number, start in enumerate(starts):
        context.progress.fold(number, len(starts), str(panel.sessions[start].date()))
        origins = slice(start, min(start + every, context.origin))
        for name, variance in _forecast_origins(context, origins).items():
            parts[name].append(qlike(target[origins], variance[:, :, place]))
    losses = {name: np.concatenate(blocks) for name, blocks in parts.items()}
    both = np.isfinite(losses[NETWORK]) & np.isfinite(losses[REFERENCE])
    days = both.any(axis=1)
    return pd.DataFrame(
        {n: np.nanmean(np.where(both, x, np.nan)[days], axis=1) for n, x in losses.items()},
        index=panel.sessions[first : context.origin][days],
    )


def _forecast_origins(context: JobContext, origins: slice) -> dict[str, np.ndarray]:
    """Return the variances that network and HAR forecast after training before `origins`."""
    panel, config = context.panel, context.config
    models: dict[str, Forecaster] = {
        NETWORK: Network(build_regressor(config)),
        REFERENCE: LogHAR(),
    }
    fold = build_fold(panel, config, origins.start)
    bounds, _ = fit_models(models, build_sample(panel), fold)
    sample = build_sample(panel).until(origins.stop - 1)
    return {
        name: forecast_within_bounds(model, sample, origins, bounds)["variance"]
        for name, model in models.items()
    }
