"""Retraining: when a challenger is due, its training, and its entry in registry and ledger."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.config.toml import to_toml
from volcast.pipeline.errors import VolcastError
from volcast.pipeline.files import hash_value
from volcast.pipeline.job.challenger import Challenger, train_challenger
from volcast.pipeline.job.config_archive import hash_config, hash_recipe
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.newest_training import is_trained_at_origin, note_repeated_training
from volcast.pipeline.job.steps.past_errors import collect_past_errors
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.ledger.version_names import REGISTERED
from volcast.pipeline.registry.model_folder import save_model
from volcast.pipeline.registry.promotion import format_version
from volcast.pipeline.registry.versions import ModelFacts, Version


def find_retrain_reason(context: JobContext) -> str | None:
    """Return why a challenger is due, or None if none is.

    The rules, in their order: there is no network yet; the settings changed; the newest network
    cannot be loaded, or lacks a ticker that has bars; `job.retrain_every` sessions have passed
    since the last training; with `job.retrain_on_drift`, the loss has drifted since then.
    """
    newest = context.registry_view.newest
    if newest is None:
        return "there is no network yet"
    if newest.facts["config_hash"] != hash_config(context.config):
        return "the settings have changed"
    model = context.registry_view.newest_model
    if model is None:
        return "the newest network cannot be loaded"
    unknown = sorted(set(context.panel.tickers) - set(model.tickers))
    if unknown:
        return f"the newest network does not know {', '.join(unknown)}"
    passed = context.origin - context.first_origin_after_training
    every = context.config.job.retrain_every
    if passed >= every:
        return f"{passed} sessions have passed since the last training; it is due every {every}"
    if context.config.job.retrain_on_drift and _has_drifted_since_training(context, newest):
        return "the loss has drifted"
    return None


def retrain_when_due(context: JobContext, *, if_due: bool) -> tuple[str | None, str]:
    """Train a challenger if one is due, or always without `if_due`.

    Returns
    -------
    trained
        The name of the new version; None if nothing was trained.
    note
        Why a training that was due or requested did not happen; empty otherwise.
    """
    reason = find_retrain_reason(context) or (None if if_due else "it was requested")
    if reason is None or _is_trained_at_origin(context):
        record_newest_training(context, "an earlier call that was interrupted had trained it")
        repeated = reason is not None and not if_due
        return None, note_repeated_training(context) if repeated else ""
    if context.disk_nearly_full:
        return None, "no challenger was trained: the disk is nearly full"
    context.progress.stage(f"training a challenger: {reason}")
    try:
        version = _train_and_register(context)
    except VolcastError as error:
        return None, f"no challenger was trained: {error}"
    record_newest_training(context, reason)
    return format_version(version), ""


def record_newest_training(context: JobContext, reason: str) -> None:
    """Write the training of the newest network to the ledger, unless it is there already."""
    newest = context.registry_view.newest
    if newest is None or context.ledger.decision(f"register {newest.number}"):
        return
    decision = Decision(
        key=f"register {newest.number}",
        action=REGISTERED,
        subject=format_version(newest),
        numbers={**newest.metrics, "backtest": _extract_validation_scores(newest.metrics)},
        reason=f"trained through {newest.facts['trained_through']}: {reason}",
    )
    context.ledger.add_decision(decision, now=context.now)


def _has_drifted_since_training(context: JobContext, newest: Version) -> bool:
    """Return whether an alert of loss drift is open that was raised after a version's training."""
    alerts = context.ledger.open_alerts()
    registered_at = pd.Timestamp(newest.facts["registered_at"])
    drift = (alerts["name"] == "loss drift") & (alerts["written_at"] > registered_at)
    return bool(drift.any())


def _is_trained_at_origin(context: JobContext) -> bool:
    """Return whether the newest network is the one that a training now would give."""
    model = context.registry_view.newest_model
    return (
        is_trained_at_origin(context)
        and model is not None
        and set(context.panel.tickers) <= set(model.tickers)
    )


def _train_and_register(context: JobContext) -> Version:
    """Train at this origin and register the network; registered again it is the same version."""
    registry_view = context.registry_view
    newest = registry_view.newest_model
    past = collect_past_errors(context.ledger, newest, context.day) if newest else None
    challenger = train_challenger(context.panel, context.config, context.origin, past)
    facts = _build_facts(context, challenger)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        folder.mkdir()
        save_model(folder, challenger.model)
        version = registry_view.registry.register(folder, facts, now=context.now)
    registry_view.registry.set_challenger(version)
    registry_view.refresh()
    return version


def _build_facts(context: JobContext, challenger: Challenger) -> ModelFacts:
    """Return what the registry stores about a new network."""
    config, view = context.config, context.registry_view
    damaged = view.newest.number if view.newest and not view.newest_model else None
    identity = {
        "instead_of": damaged,
        "config": hash_config(config),
        "data": dict(context.data_hash),
        "origin": str(context.day.date()),
    }
    return ModelFacts(
        key=hash_value(identity),
        model=NETWORK,
        data_hash=hash_value(dict(context.data_hash)),
        config_hash=hash_config(config),
        recipe=hash_recipe(config),
        parameters={f"model.{k}": v for k, v in config.model.model_dump().items()},
        metrics=challenger.metrics,
        curves=challenger.history,
        configuration=to_toml(config),
        trained_through=challenger.model.trained_through,
    )


def _extract_validation_scores(metrics: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Return QLIKE on the validation part, and its ratio to HAR's, by horizon."""
    scores = {}
    for name, value in metrics.items():
        horizon, _, model = name.removeprefix("validation_qlike_").partition("_")
        har = metrics.get(f"validation_qlike_{horizon}_{REFERENCE}")
        if model == NETWORK and har:
            scores[horizon] = {"qlike": value, "ratio_to_har": value / har}
    return scores
