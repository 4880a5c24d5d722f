"""The gate: compares champion, challenger and HAR on the ledger's forecasts, and decides."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.config.settings import JobSettings
from volcast.pipeline.job.losses import LOSS_COLUMNS, find_reign_start, index_by_cell
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.steps.shadow import read_shadow_sessions
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.reports.scoring.comparison import Comparison, GateRules, compare, last_window
from volcast.reports.scoring.gate import decide
from volcast.reports.scoring.paired_sessions import pair_sessions
from volcast.reports.short_histories import has_short_history

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
    sequences of forecasts, not frozen models). The sessions of a shadow period, if there was one
    for this recipe and champion, come before. An origin counts when all its targets had ended
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
    forecasts = _read_forecasts(ledger, registry_view, rules.horizon, day)
    challenge = against_har = None
    if CHALLENGER in forecasts:
        shadow = read_shadow_sessions(ledger, registry_view)
        live = pair_sessions(_select_challenged_origins(forecasts), CHAMPION, CHALLENGER)
        challenge = compare(_concatenate(shadow, live), CHAMPION, CHALLENGER, rules)
    if registry_view.champion.model != REFERENCE and HAR in forecasts:
        window = pair_sessions(last_window(forecasts, rules), CHAMPION, HAR)
        against_har = compare(window, CHAMPION, HAR, rules)
    decision = decide(challenge, against_har, rules)
    numbers = _to_numbers({"challenge": challenge, "against_har": against_har})
    return GateResult(decision.action, decision.reason, numbers)


def _read_forecasts(
    ledger: Ledger, registry_view: RegistryView, horizon: int, day: pd.Timestamp
) -> pd.DataFrame:
    """Return `origin, ticker, realized` and the variances of champion, challenger and HAR.

    Forecasts from short histories are left out: a new listing does not decide for the others.
    """
    reign = RowFilter(since=find_reign_start(ledger).date(), horizon=horizon)
    scored = ledger.table("scored", reign, columns=LOSS_COLUMNS)
    ended = scored.groupby("origin")["target_end"].transform("max") < day
    compared = ended & scored["realized"].gt(0) & ~has_short_history(scored)
    forecasts = _build_forecasts(scored[compared], registry_view)
    if registry_view.challenger and CHALLENGER not in forecasts:
        forecasts[CHALLENGER] = np.nan  # trained in this run: it has no forecast yet
    return forecasts


def _build_forecasts(rows: pd.DataFrame, registry_view: RegistryView) -> pd.DataFrame:
    """Return the forecasts whose outcomes are known, one column for each model.

    Where champion or challenger gave no forecast HAR's replaces it, as it is issued then. A
    forecast in which the newest network itself was replaced by a fallback is infinite: a network
    that gives no numbers is not promoted. The challenger is NaN before its first forecast and where
    a network of another recipe was the challenger, for which these sessions counted.

    Forecasts are in units of their outcome, which is 1: models with other tickers in their panel
    have another level factor, which multiplies forecast and outcome alike.
    """
    rows = rows.assign(variance=rows["variance"] / rows["realized"], realized=1.0)
    champion, newest = registry_view.champion, registry_view.newest
    networks = rows[rows["model"] == NETWORK]
    har = index_by_cell(rows[rows["model"] == REFERENCE], "variance")
    own = networks[networks["model_version"] == str(champion.number)]
    challengers = networks[networks["model_version"].isin(registry_view.challenger_numbers)]
    if newest is not None:
        empty = challengers["fallback"] & (challengers["model_version"] == str(newest.number))
        challengers = challengers.assign(variance=challengers["variance"].mask(empty, np.inf))
    incumbent = har
    if champion.model != REFERENCE:
        incumbent = index_by_cell(own, "variance").combine_first(har)
    forecasts = pd.DataFrame({CHAMPION: incumbent, HAR: har})
    forecasts["realized"] = index_by_cell(rows, "realized")
    if len(challengers):
        rival = index_by_cell(challengers, "variance")
        others = networks[~networks.index.isin(own.index.union(challengers.index))]["origin"]
        absent = har[~har.index.isin(rival.index)]
        origin = absent.index.get_level_values("origin")
        absent = absent[(origin >= challengers["origin"].min()) & ~origin.isin(others)]
        forecasts[CHALLENGER] = pd.concat([rival, absent])
    return forecasts.reset_index()


def _select_challenged_origins(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the origins at which a challenger forecast, or HAR in its place."""
    known = forecasts.loc[forecasts[CHALLENGER].notna(), "origin"]
    return forecasts[forecasts["origin"].isin(known)]


def _concatenate(shadow: pd.DataFrame, live: pd.DataFrame) -> pd.DataFrame:
    """Return the sessions of both; an empty table would change the types of the other's columns."""
    return (
        pd.concat([shadow, live], ignore_index=True)
        if len(shadow) and len(live)
        else (shadow if len(shadow) else live)
    )


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
