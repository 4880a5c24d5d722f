"""A challenger: when one is due, its training, and its entry in registry and ledger."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from models.catalogue import NETWORK, REFERENCE
from pipeline import artifacts
from pipeline.config_text import to_toml
from pipeline.daily.evening import Evening
from pipeline.daily.past_errors import past_errors
from pipeline.daily.settings import config_hash, recipe
from pipeline.daily.training import train
from pipeline.errors import VolcastError
from pipeline.ledger.records import Decision
from pipeline.model_folder import save_model
from pipeline.promotion import name_of
from pipeline.versions import Facts, Version


def due(evening: Evening) -> str | None:
    """Return why a challenger is to be trained, or None."""
    newest = evening.standing.newest
    if newest is None:
        return "there is no network yet"
    if newest.facts["config_hash"] != config_hash(evening.config):
        return "the settings have changed"
    model = evening.standing.newest_model
    if model is None:
        return "the newest network cannot be loaded"
    unknown = sorted(set(evening.panel.tickers) - set(model.tickers))
    if unknown:
        return f"the newest network does not know {', '.join(unknown)}"
    since = evening.origin - evening.first_trained
    every = evening.config.job.retrain_every
    if since >= every:
        return f"{since} sessions have passed since the last, {every} are asked for"
    if not evening.config.job.retrain_on_drift:
        return None
    drift = evening.ledger.open_alerts()
    fresh = drift[(drift["name"] == "loss drift") & (drift["written_at"] > _registered_at(newest))]
    return "the loss has drifted" if len(fresh) else None


def _registered_at(version: Version) -> pd.Timestamp:
    """Return when a version was registered."""
    return pd.Timestamp(version.facts["registered_at"])


def retrain_when_due(evening: Evening, if_due: bool, notes: list[str]) -> str | None:
    """Train a challenger where there is a reason to; return its name."""
    reason = due(evening) or (None if if_due else "it was asked for")
    if reason is None or _trained_tonight(evening):
        tell_of_newest(evening, "a call before this one, which was cut off, had trained it")
        if reason is not None and not if_due:
            notes.append(f"{_newest_name(evening)} was trained on these bars already")
        return None
    if evening.short_of_room:
        notes.append("no challenger was trained: the disk is nearly full")
        return None
    evening.progress.stage(f"training a challenger: {reason}")
    try:
        version = _registered(evening)
    except VolcastError as error:
        notes.append(f"no challenger was trained: {error}")
        return None
    tell_of_newest(evening, reason)
    return name_of(version)


def _newest_name(evening: Evening) -> str:
    newest = evening.standing.newest
    return name_of(newest) if newest else "no network"


def _trained_tonight(evening: Evening) -> bool:
    """Return whether the newest network is the one that a training now would make."""
    newest, model = evening.standing.newest, evening.standing.newest_model
    return newest is not None and (
        newest.facts["trained_through"] == str(evening.panel.sessions[evening.origin - 1].date())
        and newest.facts["config_hash"] == config_hash(evening.config)
        and model is not None
        and set(evening.panel.tickers) <= set(model.tickers)
    )


def tell_of_newest(evening: Evening, reason: str) -> None:
    """Write into the ledger that the newest network was trained, unless it says so already."""
    newest = evening.standing.newest
    if newest is None or evening.ledger.decision(f"register {newest.number}"):
        return
    decision = Decision(
        key=f"register {newest.number}",
        action="registered",
        subject=name_of(newest),
        numbers={**newest.metrics, "backtest": _validation_scores(newest.metrics)},
        reason=f"trained through {newest.facts['trained_through']}: {reason}",
    )
    evening.ledger.add_decision(decision, now=evening.now)


def _registered(evening: Evening) -> Version:
    """Return the version trained at this origin; one that is registered already is that one."""
    config, standing = evening.config, evening.standing
    damaged = standing.newest.number if standing.newest and not standing.newest_model else None
    made_from = {
        "instead_of": damaged,
        "config": config_hash(config),
        "data": dict(evening.data_hash),
        "origin": str(evening.day.date()),
    }
    past = past_errors(evening.ledger, standing, evening.day)
    challenger = train(evening.panel, config, evening.origin, past)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        folder.mkdir()
        save_model(folder, challenger.model)
        version = standing.registry.register(
            folder,
            Facts(
                key=artifacts.digest_of(made_from),
                model=NETWORK,
                data_hash=artifacts.digest_of(dict(evening.data_hash)),
                config_hash=config_hash(config),
                recipe=recipe(config),
                parameters={f"model.{k}": v for k, v in config.model.model_dump().items()},
                metrics=challenger.metrics,
                curves=challenger.history,
                configuration=to_toml(config),
                trained_through=challenger.model.trained_through,
            ),
            now=evening.now,
        )
    standing.registry.set_challenger(version)
    standing.refresh()
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
