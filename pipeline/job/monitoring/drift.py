"""Drift: whether the champion's loss and the features behind it are still what they used to be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.steps.gate import OF_A_LOSS, reign_since, series_losses
from volcast.pipeline.job.steps.shadow import shadow_losses
from volcast.pipeline.ledger.queries import RowFilter
from volcast.reports.monitoring.alerts import Observation
from volcast.reports.monitoring.inputs import FEWEST_WINDOWS, input_drift, input_observations
from volcast.reports.monitoring.loss import LossCusum, fewest_sessions

RECENT = 63  # sessions judged together
BEFORE = 1_000  # sessions that say what is usual of a feature
YEAR = 250  # sessions that say what is usual of a loss
SHORTEST = 60  # sessions before a reign, to be what is usual of it
WATCHED = "what went out"


def drift_of_loss(context: JobContext) -> Observation:
    """Return the CUSUM of what went out against HAR since a network became champion.

    What is usual is what the networks before it, challengers then, lost less than HAR: over the
    last year before that day, the shadow period included. Where that is too short, it is the first
    year of the reign, and what follows is watched. While HAR is champion, and before there is
    anything to watch, the observation is zero: an alert of the champion before is over.
    """
    if context.registry_view.champion.model == REFERENCE:
        return _nothing("HAR is the champion, and is not held against itself")
    horizon, sessions = context.config.job.gate_horizon, context.panel.sessions
    year = max(YEAR, fewest_sessions(horizon))
    crowned = max(reign_since(context.ledger), sessions[0])
    before = max(0, int(sessions.searchsorted(crowned)) - year)
    first = RowFilter(since=sessions[min(before, context.origin)].date(), horizon=horizon)
    scored = context.ledger.table("scored", first, columns=OF_A_LOSS)
    reign = _less_har(scored[scored["origin"] >= crowned], "champion")
    challengers = _newest_challengers(scored[scored["origin"] < crowned])
    usual = _with_shadow(_less_har(challengers, "challenger"), context).iloc[-year:]
    if len(usual) < max(SHORTEST, fewest_sessions(horizon)):
        usual, reign = reign.iloc[:year], reign.iloc[year:]
        if len(usual) < year:
            return _nothing(f"{len(usual)} sessions of the champion are too few to judge it by")
    if not np.ptp(usual) > 0:
        return _nothing("the network never differed from HAR")
    return LossCusum(usual, horizon).observation(reign, WATCHED)


def drift_of_inputs(panel: Panel, origin: int) -> list[Observation]:
    """Return the drift of every feature over the last 63 sessions, against the 1,000 before them.

    Looked at on the last session of a week: a quarter changes little in a day, and hundreds of
    tickers take seconds. None before there are four times as many sessions as are judged; trainings
    play no part.
    """
    first = origin + 1 - RECENT
    if first < FEWEST_WINDOWS * RECENT or not _ends_a_week(panel, origin):
        return []
    usual = _feature_rows(panel, slice(max(0, first - BEFORE), first))
    recent = _feature_rows(panel, slice(first, origin + 1))
    return input_observations(input_drift(usual, recent, panel.names))


def _nothing(why: str) -> Observation:
    return Observation("loss drift", WATCHED, 0.0, 0.0, 0.0, f"{WATCHED}: {why}", "error")


def _less_har(scored: pd.DataFrame, role: str) -> pd.Series:
    """Return by origin the loss of the forecasts of a role less HAR's, the tickers averaged."""
    mine = (scored["role"] == role).to_numpy()
    losses = series_losses(scored.assign(role=np.where(mine, "champion", "other")))
    pair = losses.dropna(subset=["issued", REFERENCE])
    return pd.Series((pair["issued"] - pair[REFERENCE]).groupby(pair["origin"]).mean())


def _newest_challengers(scored: pd.DataFrame) -> pd.DataFrame:
    """Return HAR's forecasts and those of the newest challenger of each origin."""
    challengers = scored[(scored["role"] == "challenger") & (scored["model"] == NETWORK)]
    number = challengers["model_version"].astype(int)
    newest = number.groupby([challengers["origin"], challengers["ticker"]]).transform("max")
    return pd.concat([scored[scored["model"] == REFERENCE], challengers[number == newest]])


def _with_shadow(less_har: pd.Series, context: JobContext) -> pd.Series:
    """Return the losses relative to HAR with those of the shadow period before them."""
    shadow = shadow_losses(context.ledger, context.registry_view.recipe).set_index("origin")
    parts = [(shadow[NETWORK] - shadow[REFERENCE]).astype(float), less_har]
    return pd.Series(pd.concat([part for part in parts if len(part)] or parts[1:]))


def _ends_a_week(panel: Panel, origin: int) -> bool:
    """Return whether the next session of every ticker lies in another week."""
    starts = pd.DatetimeIndex(panel.target_start[origin]).dropna()
    week = panel.sessions[origin].to_period("W")
    return bool((starts.to_period("W") > week).all())


def _feature_rows(panel: Panel, sessions: slice) -> pd.DataFrame:
    x = panel.x[sessions]
    rows = pd.DataFrame(x.reshape(-1, x.shape[2]), columns=list(panel.names))
    return rows.assign(origin=np.repeat(panel.sessions[sessions], x.shape[1]))
