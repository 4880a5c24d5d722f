"""From the ledger to what the gate compares."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.config.settings import JobSettings
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.steps.shadow import shadow_losses
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.registry.promotion import CHANGES, GATE
from volcast.reports.comparison import GateRules, compare, last_window
from volcast.reports.gate import decide
from volcast.reports.scores import qlike

CHAMPION, CHALLENGER, HAR = "the champion", "the challenger", "HAR"
CELL = ["origin", "ticker"]
OF_A_LOSS = [
    *("origin", "ticker", "horizon", "target_end", "model", "model_version", "role"),
    *("variance", "fallback", "realized"),
]


@dataclass(frozen=True)
class Judgement:
    """What the gate decided: action, reason in words, and every number behind it."""

    action: str
    reason: str
    numbers: dict[str, Any]


def evaluate_gate(
    ledger: Ledger, registry_view: RegistryView, job: JobSettings, day: pd.Timestamp
) -> Judgement:
    """Return what the gate decides on the evening of `day`.

    The challenger is the line of networks that retraining brought since the champion took its
    place, of the settings of the newest: each forecast was made before its outcome by the newest
    network of its day, so that evidence for retraining adds up over the refits (Choe & Ramdas 2023
    compare sequences of forecasts, not frozen models). An origin counts when all its targets had
    ended the evening before, so that a past one does not change after it was looked at.
    """
    rules = GateRules(
        horizon=job.gate_horizon,
        alpha=job.gate_alpha,
        minimum_effect=job.minimum_effect,
        window=job.har_window,
    )
    reign = RowFilter(since=reign_since(ledger).date(), horizon=job.gate_horizon)
    scored = ledger.table("scored", reign, columns=OF_A_LOSS)
    ended = scored.groupby("origin")["target_end"].transform("max") < day
    losses = _losses(scored[ended & scored["realized"].gt(0)], registry_view)
    if registry_view.champion.model == REFERENCE:
        losses = _with_shadow(losses, ledger, registry_view)
    if registry_view.challenger and CHALLENGER not in losses:
        losses[CHALLENGER] = np.nan  # trained tonight: nothing is known of it yet
    challenge = (
        compare(_while_challenged(losses), CHAMPION, CHALLENGER, rules)
        if CHALLENGER in losses
        else None
    )
    against_har = (
        compare(last_window(losses, rules), CHAMPION, HAR, rules)
        if registry_view.champion.model != REFERENCE and HAR in losses
        else None
    )
    decision = decide(challenge, against_har, rules)
    numbers = {
        name: _plain(asdict(each))
        for name, each in (("challenge", challenge), ("against_har", against_har))
        if each is not None
    }
    return Judgement(decision.action, decision.reason, numbers)


def series_losses(scored: pd.DataFrame) -> pd.DataFrame:
    """Return `origin, ticker, issued, har`: QLIKE of what went out, and of HAR, of one horizon."""
    rows = scored[scored["realized"].gt(0)]
    table = rows.assign(loss=_qlike(rows))
    issued = table[table["role"] == "champion"].set_index(CELL)["loss"]
    har = _by_cell(table[table["model"] == REFERENCE])
    return pd.DataFrame({"issued": issued, REFERENCE: har}).reset_index()


def reign_since(ledger: Ledger) -> pd.Timestamp:
    """Return the first origin of the champion of now: the day that made it champion.

    The gate's key names that day. After an override by hand it is the day after the last origin
    whose forecasts had gone out.
    """
    changes = ledger.decisions(*CHANGES)
    last = next((each for each in changes if each.key.startswith(GATE) or each.who), None)
    if last is None:
        return pd.Timestamp.min
    if last.key.startswith(GATE):
        return pd.Timestamp(last.key.removeprefix(GATE))
    before = ledger.last_origin(before=last.seq)
    return pd.Timestamp(before) + pd.Timedelta(days=1) if before else pd.Timestamp.min


def _losses(rows: pd.DataFrame, registry_view: RegistryView) -> pd.DataFrame:
    """Return `origin, ticker` and the QLIKE of champion, challengers and HAR, side by side.

    Where champion or challenger wrote no forecast HAR's stands in for it: that is what goes out
    then. A forecast in which the newest network itself was replaced by a stand-in is NaN: a network
    that gives no numbers is not promoted.
    """
    table = rows.assign(loss=_qlike(rows))
    champion, newest = registry_view.champion, registry_view.newest
    networks = table[table["model"] == NETWORK]
    har = _by_cell(table[table["model"] == REFERENCE])
    own = networks[networks["model_version"] == str(champion.number)]
    line = networks[networks["model_version"].isin(registry_view.line)]
    if newest is not None:
        empty = line["fallback"] & (line["model_version"] == str(newest.number))
        line = line.assign(loss=line["loss"].mask(empty))
    incumbent = har if champion.model == REFERENCE else _by_cell(own).combine_first(har)
    losses = pd.DataFrame({CHAMPION: incumbent, HAR: har})
    if len(line):
        rival = _by_cell(line)
        absent = har[~har.index.isin(rival.index)]
        absent = absent[absent.index.get_level_values("origin") >= line["origin"].min()]
        losses[CHALLENGER] = pd.concat([rival, absent])
    return losses.reset_index()


def _qlike(rows: pd.DataFrame) -> np.ndarray:
    return np.asarray(qlike(rows["realized"].to_numpy(), rows["variance"].to_numpy()))


def _by_cell(rows: pd.DataFrame) -> pd.Series:
    """Return the loss by origin and ticker; of two forecasts of an evening the first counts."""
    return pd.Series(rows.drop_duplicates(CELL).set_index(CELL)["loss"])


def _with_shadow(losses: pd.DataFrame, ledger: Ledger, registry_view: RegistryView) -> pd.DataFrame:
    """Return the losses of HAR's reign, with those of the shadow period before the first evening.

    They count until a network was champion for the first time, for networks of the settings that
    were in the shadow.
    """
    shadow = shadow_losses(ledger, registry_view.recipe)
    if shadow.empty or reign_since(ledger) > pd.Timestamp.min:
        return losses
    named = shadow.rename(columns={NETWORK: CHALLENGER, REFERENCE: CHAMPION})
    return pd.concat([named.assign(**{HAR: named[CHAMPION]}), losses], ignore_index=True)


def _while_challenged(losses: pd.DataFrame) -> pd.DataFrame:
    """Return the rows from the first origin on at which a challenger's loss is known."""
    there = losses.loc[losses[CHALLENGER].notna(), "origin"]
    return losses[losses["origin"] >= there.min()] if len(there) else losses.iloc[:0]


def _plain(numbers: dict[str, Any]) -> dict[str, Any]:
    return {
        name: f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else value
        for name, value in numbers.items()
    }
