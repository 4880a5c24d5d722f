"""A challenger: when one is due, its training, and its entry in registry and ledger."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.config.toml import to_toml
from volcast.pipeline.errors import VolcastError
from volcast.pipeline.files import hash_value
from volcast.pipeline.job.challenger import train
from volcast.pipeline.job.config_archive import config_hash, recipe
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.steps.past_errors import past_errors
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.registry.model_folder import save_model
from volcast.pipeline.registry.promotion import format_version
from volcast.pipeline.registry.versions import ModelFacts, Version


def due(context: JobContext) -> str | None:
    """Return why a challenger is to be trained, or None."""
    newest = context.registry_view.newest
    if newest is None:
        return "there is no network yet"
    if newest.facts["config_hash"] != config_hash(context.config):
        return "the settings have changed"
    model = context.registry_view.newest_model
    if model is None:
        return "the newest network cannot be loaded"
    unknown = sorted(set(context.panel.tickers) - set(model.tickers))
    if unknown:
        return f"the newest network does not know {', '.join(unknown)}"
    since = context.origin - context.first_trained
    every = context.config.job.retrain_every
    if since >= every:
        return f"{since} sessions have passed since the last, {every} are asked for"
    if not context.config.job.retrain_on_drift:
        return None
    drift = context.ledger.open_alerts()
    fresh = drift[(drift["name"] == "loss drift") & (drift["written_at"] > _registered_at(newest))]
    return "the loss has drifted" if len(fresh) else None


def _registered_at(version: Version) -> pd.Timestamp:
    """Return when a version was registered."""
    return pd.Timestamp(version.facts["registered_at"])


def retrain_when_due(context: JobContext, if_due: bool, notes: list[str]) -> str | None:
    """Train a challenger where there is a reason to; return its name."""
    reason = due(context) or (None if if_due else "it was asked for")
    if reason is None or _trained_tonight(context):
        tell_of_newest(context, "a call before this one, which was cut off, had trained it")
        if reason is not None and not if_due:
            notes.append(f"{_newest_name(context)} was trained on these bars already")
        return None
    if context.short_of_room:
        notes.append("no challenger was trained: the disk is nearly full")
        return None
    context.progress.stage(f"training a challenger: {reason}")
    try:
        version = _registered(context)
    except VolcastError as error:
        notes.append(f"no challenger was trained: {error}")
        return None
    tell_of_newest(context, reason)
    return format_version(version)


def _newest_name(context: JobContext) -> str:
    newest = context.registry_view.newest
    return format_version(newest) if newest else "no network"


def _trained_tonight(context: JobContext) -> bool:
    """Return whether the newest network is the one that a training now would make."""
    newest, model = context.registry_view.newest, context.registry_view.newest_model
    return newest is not None and (
        newest.facts["trained_through"] == str(context.panel.sessions[context.origin - 1].date())
        and newest.facts["config_hash"] == config_hash(context.config)
        and model is not None
        and set(context.panel.tickers) <= set(model.tickers)
    )


def tell_of_newest(context: JobContext, reason: str) -> None:
    """Write into the ledger that the newest network was trained, unless it says so already."""
    newest = context.registry_view.newest
    if newest is None or context.ledger.decision(f"register {newest.number}"):
        return
    decision = Decision(
        key=f"register {newest.number}",
        action="registered",
        subject=format_version(newest),
        numbers={**newest.metrics, "backtest": _validation_scores(newest.metrics)},
        reason=f"trained through {newest.facts['trained_through']}: {reason}",
    )
    context.ledger.add_decision(decision, now=context.now)


def _registered(context: JobContext) -> Version:
    """Return the version trained at this origin; one that is registered already is that one."""
    config, registry_view = context.config, context.registry_view
    damaged = (
        registry_view.newest.number
        if registry_view.newest and not registry_view.newest_model
        else None
    )
    made_from = {
        "instead_of": damaged,
        "config": config_hash(config),
        "data": dict(context.data_hash),
        "origin": str(context.day.date()),
    }
    past = past_errors(context.ledger, registry_view, context.day)
    challenger = train(context.panel, config, context.origin, past)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        folder.mkdir()
        save_model(folder, challenger.model)
        version = registry_view.registry.register(
            folder,
            ModelFacts(
                key=hash_value(made_from),
                model=NETWORK,
                data_hash=hash_value(dict(context.data_hash)),
                config_hash=config_hash(config),
                recipe=recipe(config),
                parameters={f"model.{k}": v for k, v in config.model.model_dump().items()},
                metrics=challenger.metrics,
                curves=challenger.history,
                configuration=to_toml(config),
                trained_through=challenger.model.trained_through,
            ),
            now=context.now,
        )
    registry_view.registry.set_challenger(version)
    registry_view.refresh()
    return version


def _validation_scores(metrics: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Return QLIKE on the validation part, and its ratio to HAR's, by horizon."""
    found = {}
    for name, value in metrics.items():
        horizon, _, model = name.removeprefix("validation_qlike_").partition("_")
        har = metrics.get(f"validation_qlike_{horizon}_{REFERENCE}")
        if model == NETWORK and har:
            found[horizon] = {"qlike": value, "ratio_to_har": value / har}
    return found
