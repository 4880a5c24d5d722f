"""Drift: whether the champion's loss and its features are still what they were before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.losses import LOSS_COLUMNS, build_issued_losses, find_reign_start
from volcast.pipeline.job.steps.shadow import read_shadow_losses
from volcast.pipeline.ledger.queries import RowFilter
from volcast.reports.monitoring.alerts import Observation
from volcast.reports.monitoring.inputs import FEWEST_WINDOWS, input_drift, input_observations
from volcast.reports.monitoring.loss import LossCusum, fewest_sessions
from volcast.reports.short_histories import has_short_history

RECENT = 63  # sessions that are compared with those before
BEFORE = 1_000  # sessions that define what is usual of a feature
YEAR = 250  # sessions that define what is usual of a loss
SHORTEST = 60  # sessions before a reign that can define what is usual of it
# The subject names the alert in the ledgers of every version; the label is for messages.
LOSS_SUBJECT, LOSS_LABEL = "what went out", "issued forecasts"


def observe_loss_drift(context: JobContext) -> Observation:
    """Return the CUSUM of the issued forecasts' loss relative to HAR since the last promotion.

    The reference is the loss relative to HAR of the challengers over the last year before the
    network became champion, the shadow period included. If that is too short, it is the first year
    of the reign, and only what follows is monitored. While HAR is champion, and before there is
    anything to monitor, the observation is zero, which clears an alert of the champion before.
    """
    if context.registry_view.champion.model == REFERENCE:
        return _observe_nothing("HAR is the champion and is not compared with itself")
    usual, reign = _split_at_reign_start(context)
    horizon = context.config.job.gate_horizon
    year = _year(horizon)
    if len(usual) < max(SHORTEST, fewest_sessions(horizon)):
        usual, reign = reign.iloc[:year], reign.iloc[year:]
        if len(usual) < year:
            return _observe_nothing(f"{len(usual)} sessions of the champion are too few to compare")
    if not np.ptp(usual) > 0:
        return _observe_nothing("the network never differed from HAR")
    drift = LossCusum(usual, horizon).observation(reign, LOSS_SUBJECT)
    return replace(drift, words=drift.words.replace(LOSS_SUBJECT, LOSS_LABEL, 1))


def observe_input_drift(panel: Panel, origin: int) -> list[Observation]:
    """Return the drift of every feature over the last 63 sessions, against the 1,000 before them.

    It is computed on the last session of a week: a quarter changes little in a day, and hundreds of
    tickers take seconds. It is empty until the sessions before are four times as many as those
    compared with them. Trainings play no role.

    Parameters
    ----------
    panel
        Its features `x`, of which nothing after `origin` is used.
    origin
        Position of the newest session.
    """
    first = origin + 1 - RECENT
    if first < FEWEST_WINDOWS * RECENT or not _is_last_session_of_week(panel, origin):
        return []
    before, last = panel.x[max(0, first - BEFORE) : first], panel.x[first : origin + 1]
    features = (
        (name, before[:, :, position], last[:, :, position])
        for position, name in enumerate(panel.names)
    )
    return input_observations(input_drift(features, len(panel.names)))


def _year(horizon: int) -> int:
    """Return the number of sessions of a reference."""
    return max(YEAR, fewest_sessions(horizon))


def _split_at_reign_start(context: JobContext) -> tuple[pd.Series, pd.Series]:
    """Return the losses relative to HAR before the champion's promotion and since, by origin."""
    horizon, sessions = context.config.job.gate_horizon, context.panel.sessions
    year = _year(horizon)
    start = max(find_reign_start(context.ledger), sessions[0])
    before = max(0, int(sessions.searchsorted(start)) - year)
    rows = RowFilter(since=sessions[min(before, context.origin)].date(), horizon=horizon)
    scored = context.ledger.table("scored", rows, columns=LOSS_COLUMNS)
    scored = scored[~has_short_history(scored)]  # as in the gate
    reign = _compute_loss_relative_to_har(scored[scored["origin"] >= start], "champion")
    challengers = _select_newest_challengers(scored[scored["origin"] < start])
    usual = _compute_loss_relative_to_har(challengers, "challenger")
    return _prepend_shadow(usual, context).iloc[-year:], reign


def _observe_nothing(reason: str) -> Observation:
    message = f"{LOSS_LABEL}: {reason}"
    return Observation("loss drift", LOSS_SUBJECT, 0.0, 0.0, 0.0, message, "error")


def _compute_loss_relative_to_har(scored: pd.DataFrame, role: str) -> pd.Series:
    """Return by origin the loss of a role's forecasts minus HAR's, averaged over the tickers."""
    of_role = (scored["role"] == role).to_numpy()
    losses = build_issued_losses(scored.assign(role=np.where(of_role, "champion", "other")))
    pair = losses.dropna(subset=["issued", REFERENCE])
    return pd.Series((pair["issued"] - pair[REFERENCE]).groupby(pair["origin"]).mean())


def _select_newest_challengers(scored: pd.DataFrame) -> pd.DataFrame:
    """Return HAR's forecasts and those of the newest challenger of each origin."""
    challengers = scored[(scored["role"] == "challenger") & (scored["model"] == NETWORK)]
    number = challengers["model_version"].astype(int)
    newest = number.groupby([challengers["origin"], challengers["ticker"]]).transform("max")
    return pd.concat([scored[scored["model"] == REFERENCE], challengers[number == newest]])


def _prepend_shadow(relative_loss: pd.Series, context: JobContext) -> pd.Series:
    """Return the losses relative to HAR with those of the shadow period before them."""
    shadow = read_shadow_losses(context.ledger, context.registry_view.recipe).set_index("origin")
    parts = [(shadow[NETWORK] - shadow[REFERENCE]).astype(float), relative_loss]
    return pd.Series(pd.concat([part for part in parts if len(part)] or parts[1:]))


def _is_last_session_of_week(panel: Panel, origin: int) -> bool:
    """Return whether the next session of every ticker lies in another week."""
    starts = pd.DatetimeIndex(panel.target_start[origin]).dropna()
    week = panel.sessions[origin].to_period("W")
    return bool((starts.to_period("W") > week).all())
