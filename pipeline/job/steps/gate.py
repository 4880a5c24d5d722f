"""The gate: compares champion, challenger and HAR on the ledger's forecasts, and decides."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.config.settings import JobSettings
from volcast.pipeline.job.losses import (
    LOSS_COLUMNS,
    add_qlike,
    find_reign_start,
    index_by_cell,
)
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.steps.shadow import read_shadow_losses
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.reports.scoring.comparison import Comparison, GateRules, compare, last_window
from volcast.reports.scoring.gate import decide

CHAMPION, CHALLENGER, HAR = "the champion", "the challenger", "HAR"


@dataclass(frozen=True)
class GateResult:
    """The gate's decision: its action, its reason in a sentence, and all numbers behind it."""

    action: str
    reason: str
    numbers: dict[str, Any]


def evaluate_gate(
    ledger: Ledger, registry_view: RegistryView, job: JobSettings, day: pd.Timestamp
) -> GateResult:
    """Return the gate's decision in the daily run of `day`.

    The challenger is the series of networks with the newest's recipe that were trained since the
    champion was promoted: each forecast was made before its outcome by the newest network of its
    day, so that evidence for retraining accumulates over the refits (Choe & Ramdas 2023 compare
    sequences of forecasts, not frozen models). An origin counts when all its targets had ended
    before `day`, so that it no longer changes after it was compared.

    Parameters
    ----------
    ledger
        Holds the forecasts and their outcomes.
    registry_view
        Who is champion, and which networks are challengers.
    job
        The gate's settings.
    day
        The origin of the daily run.
    """
    rules = GateRules(
        horizon=job.gate_horizon,
        alpha=job.gate_alpha,
        minimum_effect=job.minimum_effect,
        window=job.har_window,
    )
    losses = _read_losses(ledger, registry_view, rules.horizon, day)
    challenge = against_har = None
    if CHALLENGER in losses:
        challenge = compare(_select_challenged_origins(losses), CHAMPION, CHALLENGER, rules)
    if registry_view.champion.model != REFERENCE and HAR in losses:
        against_har = compare(last_window(losses, rules), CHAMPION, HAR, rules)
    decision = decide(challenge, against_har, rules)
    numbers = _to_numbers({"challenge": challenge, "against_har": against_har})
    return GateResult(decision.action, decision.reason, numbers)


def _read_losses(
    ledger: Ledger, registry_view: RegistryView, horizon: int, day: pd.Timestamp
) -> pd.DataFrame:
    """Return `origin, ticker` and QLIKE of champion, challenger and HAR, one column each."""
    reign = RowFilter(since=find_reign_start(ledger).date(), horizon=horizon)
    scored = ledger.table("scored", reign, columns=LOSS_COLUMNS)
    ended = scored.groupby("origin")["target_end"].transform("max") < day
    losses = _build_losses(scored[ended & scored["realized"].gt(0)], registry_view)
    if registry_view.champion.model == REFERENCE:
        losses = _prepend_shadow(losses, ledger, registry_view)
    if registry_view.challenger and CHALLENGER not in losses:
        losses[CHALLENGER] = np.nan  # trained in this run: it has no forecast yet
    return losses


def _build_losses(rows: pd.DataFrame, registry_view: RegistryView) -> pd.DataFrame:
    """Return the losses of forecasts whose outcomes are known.

    Where champion or challenger gave no forecast HAR's replaces it, as it is issued then. A
    forecast in which the newest network itself was replaced by a fallback is NaN: a network that
    gives no numbers is not promoted.
    """
    table = add_qlike(rows)
    champion, newest = registry_view.champion, registry_view.newest
    networks = table[table["model"] == NETWORK]
    har = index_by_cell(table[table["model"] == REFERENCE])
    own = networks[networks["model_version"] == str(champion.number)]
    challengers = networks[networks["model_version"].isin(registry_view.challenger_numbers)]
    if newest is not None:
        empty = challengers["fallback"] & (challengers["model_version"] == str(newest.number))
        challengers = challengers.assign(loss=challengers["loss"].mask(empty))
    incumbent = har if champion.model == REFERENCE else index_by_cell(own).combine_first(har)
    losses = pd.DataFrame({CHAMPION: incumbent, HAR: har})
    if len(challengers):
        rival = index_by_cell(challengers)
        absent = har[~har.index.isin(rival.index)]
        absent = absent[absent.index.get_level_values("origin") >= challengers["origin"].min()]
        losses[CHALLENGER] = pd.concat([rival, absent])
    return losses.reset_index()


def _prepend_shadow(
    losses: pd.DataFrame, ledger: Ledger, registry_view: RegistryView
) -> pd.DataFrame:
    """Return the losses while HAR is champion, with those of the shadow period before them.

    The shadow period counts until a network is promoted for the first time, and only for networks
    with the recipe of that period.
    """
    shadow = read_shadow_losses(ledger, registry_view.recipe)
    if shadow.empty or find_reign_start(ledger) > pd.Timestamp.min:
        return losses
    renamed = shadow.rename(columns={NETWORK: CHALLENGER, REFERENCE: CHAMPION})
    return pd.concat([renamed.assign(**{HAR: renamed[CHAMPION]}), losses], ignore_index=True)


def _select_challenged_origins(losses: pd.DataFrame) -> pd.DataFrame:
    """Return the rows from the first origin on at which a challenger's loss is known."""
    known = losses.loc[losses[CHALLENGER].notna(), "origin"]
    return losses[losses["origin"] >= known.min()] if len(known) else losses.iloc[:0]


def _to_numbers(comparisons: dict[str, Comparison | None]) -> dict[str, Any]:
    """Return the comparisons as the ledger stores them, dates as text."""
    return {
        name: {
            key: f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else value
            for key, value in asdict(comparison).items()
        }
        for name, comparison in comparisons.items()
        if comparison is not None
    }
