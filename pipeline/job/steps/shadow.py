"""Shadow periods: past sessions on which a challenger of a new recipe is compared at once.

A challenger would need years of daily runs to show that it is better. A shadow period is the
walk-forward of challenger and champion over earlier sessions: both are trained every
`split.refit_every` sessions on what was known then, and forecast the sessions after, which neither
was trained on. A stored champion has seen those sessions, so its recipe is trained anew. No session
serves twice: each shadow period ends where the one before it began, the first of them before the
home's first daily run, and the outcomes of daily runs count in those runs only (decision 0023).
"""

from __future__ import annotations

import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import LedgerError, VolcastError
from volcast.pipeline.job.config_archive import (
    RECIPE_SECTIONS,
    hash_recipe,
    read_archived_config,
)
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.losses import find_last_change
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.shadow_forecasts import Contestant, forecast_shadow_period
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision, DecisionRow
from volcast.pipeline.registry.promotion import format_version
from volcast.reports.scoring.paired_sessions import SESSION_COLUMNS, pair_sessions

SHADOW = "shadow"  # the decision's action
CHAMPION = "champion"  # the losses of the champion's recipe, where a network is champion
EVIDENCE = ("gain_lower", "worst_higher", "worst_lower")  # of `pair_sessions`


def write_shadow_period(context: JobContext) -> None:
    """Write the shadow period of the newest challenger, if one is due.

    It is due in the run that trains the first network of a recipe other than the champion's, and
    later ones only if that run could not write it. It has up to `job.shadow_sessions` sessions; the
    older half of the history before the first daily run is only trained on. Nothing is written if
    the history is too short, or the champion's settings are lost.
    """
    if not (context.config.job.shadow_sessions and _is_due(context)):
        return
    try:
        sessions = _compare_over_past(context)
    except VolcastError:
        return
    if len(sessions):
        context.ledger.add_decision(_build_decision(context, sessions), now=context.now)


def read_shadow_sessions(ledger: Ledger, view: RegistryView) -> pd.DataFrame:
    """Return the shadow period of the newest network's recipe against the present champion.

    Returns
    -------
    DataFrame
        As `pair_sessions` returns it; empty if there was no shadow period for this recipe and this
        champion, or if the champion has changed since.
    """
    stored = _find_shadow(ledger, view.recipe, format_version(view.champion))
    change = find_last_change(ledger)
    if stored is None or (change is not None and change.seq > stored.seq):
        return pd.DataFrame(columns=SESSION_COLUMNS)
    numbers = stored.numbers
    table = pd.DataFrame({name: numbers[name] for name in EVIDENCE}).assign(
        origin=pd.to_datetime(numbers["origins"]),
        incumbent_loss=numbers[_name_incumbent(view)],
        rival_loss=numbers[NETWORK],
        unanswered=0,
    )
    return table[SESSION_COLUMNS]


def read_shadow_losses(ledger: Ledger, recipe: str) -> pd.DataFrame:
    """Return `origin, network, har`: the losses of a recipe's shadow period against HAR.

    It is empty if the networks of no shadow period had this recipe. HAR need not be champion still.
    """
    for stored in ledger.decisions(SHADOW):
        numbers = stored.numbers
        if numbers.get("recipe") == recipe and REFERENCE in numbers:
            table = pd.DataFrame({name: numbers[name] for name in (NETWORK, REFERENCE)})
            return table.assign(origin=pd.to_datetime(numbers["origins"]))
    return pd.DataFrame(columns=["origin", NETWORK, REFERENCE])


def _find_shadow(ledger: Ledger, recipe: str, champion: str) -> DecisionRow | None:
    """Return the shadow period of a recipe against a champion."""
    wanted = {"recipe": recipe, "against": champion}
    stored = ledger.decisions(SHADOW)
    return next((each for each in stored if wanted.items() <= each.numbers.items()), None)


def _name_incumbent(view: RegistryView) -> str:
    return REFERENCE if view.champion.model == REFERENCE else CHAMPION


def _is_due(context: JobContext) -> bool:
    view, ledger = context.registry_view, context.ledger
    if view.challenger is None or view.recipe == view.champion.facts["recipe"]:
        return False
    before = context.panel.sessions[context.origin - 1].date()
    is_new = view.challenger.facts["trained_through"] == str(before)
    return is_new and _find_shadow(ledger, view.recipe, format_version(view.champion)) is None


def _compare_over_past(context: JobContext) -> pd.DataFrame:
    """Return the sessions of the challenger's shadow period.

    Raises
    ------
    VolcastError
        The history is too short, or the champion's settings are lost.
    """
    incumbent = _name_incumbent(context.registry_view)
    if incumbent == REFERENCE:
        champion = Contestant(context.config, context.panel, REFERENCE)
    else:
        config = _read_champion_config(context)
        champion = Contestant(config, context.panels.build_for(config))
    contestants = {incumbent: champion, NETWORK: Contestant(context.config, context.panel)}
    horizon = context.config.job.gate_horizon
    period = find_unused_sessions(context)
    forecasts = forecast_shadow_period(
        contestants, period, horizon, context.progress, context.executor
    )
    return pair_sessions(forecasts, incumbent, NETWORK)


def find_unused_sessions(context: JobContext) -> slice:
    """Return the positions of the newest sessions that have served as evidence for nothing yet.

    They lie before the first daily run and before all earlier shadow periods.
    """
    sessions, ledger = context.panel.sessions, context.ledger
    origins = ledger.table("forecasts", columns=["origin"])["origin"]
    first_run = origins.min() if len(origins) else context.day
    begun = [pd.Timestamp(each.numbers["origins"][0]) for each in ledger.decisions(SHADOW)]
    stop = int(sessions.searchsorted(min([first_run, *begun])))
    oldest = int(sessions.searchsorted(first_run)) // 2
    return slice(max(stop - context.config.job.shadow_sessions, oldest), stop)


def _read_champion_config(context: JobContext) -> Config:
    """Return the current settings with the champion's recipe.

    Raises
    ------
    LedgerError
        The champion's settings are not in the home, or were altered.
    """
    view = context.registry_view
    archived = read_archived_config(view.home, view.champion.facts["config_hash"])
    recipe = {name: getattr(archived, name) for name in RECIPE_SECTIONS}
    config = context.config.model_copy(update=recipe)
    if hash_recipe(config) != view.champion.facts["recipe"]:
        raise LedgerError(f"the settings of {format_version(view.champion)} were altered")
    return config


def _build_decision(context: JobContext, sessions: pd.DataFrame) -> Decision:
    incumbent = _name_incumbent(context.registry_view)
    numbers = {
        "recipe": hash_recipe(context.config),
        "against": format_version(context.registry_view.champion),
        "origins": [f"{origin:%Y-%m-%d}" for origin in sessions["origin"]],
        NETWORK: sessions["rival_loss"].tolist(),
        incumbent: sessions["incumbent_loss"].tolist(),
        **{name: sessions[name].tolist() for name in EVIDENCE},
    }
    other = "HAR" if incumbent == REFERENCE else "the champion's recipe"
    return Decision(
        key=f"{SHADOW} {context.day.date()}",
        action=SHADOW,
        subject=NETWORK,
        numbers=numbers,
        reason=f"network and {other} trained every {context.config.split.refit_every} sessions "
        f"over the {len(sessions)} sessions to {sessions['origin'].iloc[-1]:%Y-%m-%d}",
    )
