"""From the ledger to what the gate compares, and to the errors that intervals are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.catalogue import NETWORK, REFERENCE
from models.interval import Float
from pipeline.daily.shadow import shadow_losses
from pipeline.daily.standing import Standing
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.reading import Only
from pipeline.sections import JobSettings
from reports.comparison import GateRules, compare, last_window
from reports.gate import decide
from reports.scores import qlike

CHAMPION, CHALLENGER, HAR = "the champion", "the challenger", "HAR"
CHANGES = ("promote", "demote", "rollback")
CELL = ["origin", "ticker", "horizon"]
OF_A_LOSS = [
    *(*CELL, "target_end", "model", "model_version", "role"),
    *("variance", "fallback", "realized"),
]


@dataclass(frozen=True)
class Judgement:
    """What the gate decided: action, reason in words, and every number behind it."""

    action: str
    reason: str
    numbers: dict[str, Any]


def decision_of(ledger: Ledger, standing: Standing, job: JobSettings) -> Judgement:
    """Return what the gate decides tonight.

    The challenger is the line of networks that retraining brought since the champion took its
    place: each forecast was made before its outcome by the newest network of its day, so that
    evidence for retraining adds up over the refits (Choe & Ramdas 2023 compare sequences of
    forecasts, not frozen models).
    """
    rules = GateRules(
        horizon=job.gate_horizon,
        alpha=job.gate_alpha,
        minimum_effect=job.minimum_effect,
        window=job.har_window,
    )
    reign = Only(since=_since(ledger).date(), horizon=job.gate_horizon)
    losses = _losses(ledger.table("scored", reign, columns=OF_A_LOSS), standing)
    if standing.champion.model == REFERENCE:
        losses = _with_shadow(losses, ledger)
    challenge = (
        compare(_while_challenged(losses), CHAMPION, CHALLENGER, rules)
        if CHALLENGER in losses
        else None
    )
    against_har = (
        compare(last_window(losses, rules), CHAMPION, HAR, rules)
        if standing.champion.model != REFERENCE and HAR in losses
        else None
    )
    decision = decide(challenge, against_har, rules)
    numbers = {
        name: _plain(asdict(each))
        for name, each in (("challenge", challenge), ("against_har", against_har))
        if each is not None
    }
    return Judgement(decision.action, decision.reason, numbers)


def past_errors(
    ledger: Ledger, standing: Standing, day: pd.Timestamp
) -> Mapping[str, Mapping[int, Float]] | None:
    """Return the log errors, by model and horizon, that were known before the origin `day`.

    Those that the newest model was given, and since then those of the forecasts that its like
    made while it was the newest one. None where there is no model yet.
    """
    newest, model = standing.newest, standing.newest_model
    if newest is None or model is None:
        return None
    before = {NETWORK: model.log_residuals, REFERENCE: model.har_log_residuals}
    since_then = Only(ended_after=pd.Timestamp(newest.facts["trained_through"]).date())
    scored = _newest_of_each_origin(ledger.table("scored", since_then, columns=OF_A_LOSS))
    scored = scored[(scored["target_end"] < day) & scored["realized"].gt(0)]
    error = np.log(scored["realized"].to_numpy() / scored["variance"].to_numpy())
    cell = scored["model"].to_numpy(), scored["horizon"].to_numpy()
    return {
        name: {
            horizon: np.concatenate([errors, error[(cell[0] == name) & (cell[1] == horizon)]])
            for horizon, errors in by_horizon.items()
        }
        for name, by_horizon in before.items()
    }


def _newest_of_each_origin(scored: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts of the newest network, and HAR's, at each origin."""
    number = pd.to_numeric(scored["model_version"], errors="coerce").fillna(-1)
    newest = number.groupby([scored[name] for name in (*CELL, "model")]).transform("max")
    return pd.DataFrame(scored[(scored["model"] == REFERENCE) | (number == newest)])


def _losses(scored: pd.DataFrame, standing: Standing) -> pd.DataFrame:
    """Return `origin, ticker` and the QLIKE of champion, challengers and HAR, side by side.

    Where the champion wrote no forecast HAR's went out in its place, and counts as its own.
    """
    rows = scored[scored["realized"].gt(0)]
    loss = np.asarray(qlike(rows["realized"].to_numpy(), rows["variance"].to_numpy()))
    table = rows.assign(loss=np.where(rows["fallback"], np.nan, loss))
    champion = standing.champion
    version = table["model_version"] == str(champion.number)
    mine = (
        table["model"] == REFERENCE
        if champion.model == REFERENCE
        else (table["model"] == NETWORK) & version
    )
    series = {
        CHAMPION: table[mine],
        CHALLENGER: table[table["role"] == "challenger"],
        HAR: table[table["model"] == REFERENCE],
    }
    keyed = {
        name: part.drop_duplicates(["origin", "ticker"]).set_index(["origin", "ticker"])["loss"]
        for name, part in series.items()
        if len(part)
    }
    if not keyed:
        return pd.DataFrame(columns=["origin"])
    losses = pd.DataFrame(keyed)
    if HAR in keyed:
        silent = ~losses.index.isin(keyed[CHAMPION].index) if CHAMPION in keyed else slice(None)
        losses.loc[silent, CHAMPION] = losses[HAR]
    return losses.reset_index()


def _with_shadow(losses: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return the losses of HAR's reign, with those of the shadow period before the first evening.

    They count until a network was champion for the first time.
    """
    shadow = shadow_losses(ledger)
    if shadow.empty or _since(ledger) > pd.Timestamp.min:
        return losses
    named = shadow.rename(columns={NETWORK: CHALLENGER, REFERENCE: CHAMPION})
    return pd.concat([named.assign(**{HAR: named[CHAMPION]}), losses], ignore_index=True)


def series_losses(scored: pd.DataFrame) -> pd.DataFrame:
    """Return `origin, ticker, issued, har`: QLIKE of what went out, and of HAR, of one horizon."""
    rows = scored[scored["realized"].gt(0)]
    loss = np.asarray(qlike(rows["realized"].to_numpy(), rows["variance"].to_numpy()))
    table = rows.assign(loss=loss)
    cell = ["origin", "ticker"]
    issued = table[table["role"] == "champion"].set_index(cell)["loss"]
    har = table[table["model"] == REFERENCE].drop_duplicates(cell).set_index(cell)["loss"]
    return pd.DataFrame({"issued": issued, REFERENCE: har}).reset_index()


def _while_challenged(losses: pd.DataFrame) -> pd.DataFrame:
    """Return the rows from the first origin on at which there was a challenger."""
    there = losses.loc[losses[CHALLENGER].notna(), "origin"]
    return losses[losses["origin"] >= there.min()] if len(there) else losses


def _since(ledger: Ledger) -> pd.Timestamp:
    """Return the first origin of the champion of now: the day that made it champion.

    The gate's key names that day; of an override by hand the day of its writing counts.
    """
    decisions = ledger.table("decisions")
    changes = decisions[decisions["action"].isin(CHANGES)]
    gate = changes["key"].str.startswith("gate ")
    told = changes[gate | changes["who"].notna()]
    if told.empty:
        return pd.Timestamp.min
    last = told.iloc[-1]
    if str(last["key"]).startswith("gate "):
        return pd.Timestamp(str(last["key"]).split()[1])
    return pd.Timestamp(last["written_at"]).tz_localize(None).normalize()


def _plain(numbers: dict[str, Any]) -> dict[str, Any]:
    return {
        name: f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else value
        for name, value in numbers.items()
    }
