"""Monitoring of one evening: what is observed, which alerts it raises, and who is told."""

from __future__ import annotations

import datetime as dt
import json
import urllib.request
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from features.panel import Panel, aligned
from models.catalogue import REFERENCE
from pipeline.daily.judging import OF_A_LOSS, series_losses
from pipeline.data import calendars
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.reading import Only
from pipeline.sections import JobSettings
from reports.monitoring.alerts import Alert, Observation, step
from reports.monitoring.forecasts import clip_rate, coverage
from reports.monitoring.freshness import freshness
from reports.monitoring.inputs import input_drift, input_observations
from reports.monitoring.loss import LossCusum

RECENT = 63  # sessions judged together
YEAR = 250
USUAL_CLIPS = 0.01
OF_WHAT_WENT_OUT = ["origin", "ticker", "horizon", "lower", "upper", "clipped", "realized"]
WEBHOOK_TIMEOUT = 10.0  # seconds


def observe(
    ledger: Ledger, panel: Panel, origin: int, trained: int, level: float
) -> list[Observation]:
    """Return what is observed of the forecasts that went out, and of the inputs behind them.

    `trained` is the position of the first origin after the newest training; inputs are held
    against the sessions before it.
    """
    longest = YEAR + max(panel.horizons)  # sessions, of which the last have no outcome yet
    first = panel.sessions[max(0, origin - longest)].date()
    issued = ledger.table("scored", Only(since=first, role="champion"), columns=OF_WHAT_WENT_OUT)
    recent = issued[issued["origin"].isin(np.unique(issued["origin"])[-RECENT:])]
    found = [clip_rate(recent, USUAL_CLIPS)] if len(recent) else []
    for horizon in panel.horizons:
        mine = issued[(issued["horizon"] == horizon) & (issued["realized"] > 0)]
        last = mine[mine["origin"].isin(np.unique(mine["origin"])[-YEAR:])]
        if len(last):
            subject = f"{horizon}-session intervals"
            found.append(coverage(last, level=level, horizon=horizon, subject=subject))
    return [
        *found,
        *_loss_drift(ledger, min(panel.horizons)),
        *_input_drift(panel, origin, trained),
    ]


def stale(panel: Panel, origin: int, now: dt.datetime, names: dict[str, str]) -> list[Observation]:
    """Return whether prices are fresh at the moment `now`, for all tickers and for each.

    `names` are the exchange calendars of the tickers asked for, in the panel or not.
    """
    variance = aligned(panel, tuple(names)).variance[: origin + 1]
    settled = {name: calendars.last_settled_session(name, now) for name in set(names.values())}
    behind = {}
    for known, (ticker, name) in zip(np.isfinite(variance).T, names.items(), strict=True):
        last = panel.sessions[np.flatnonzero(known)[-1]] if known.any() else panel.sessions[0]
        since = calendars.sessions_between(name, last.date(), settled[name].date())
        behind[ticker] = max(0, len(since) - 1)
    return freshness(behind, tolerated=0)


def update_alerts(
    ledger: Ledger, observations: Iterable[Observation], day: dt.date, *, now: dt.datetime
) -> tuple[list[Alert], list[Alert]]:
    """Write which alerts begin and which end; return those that began, and all that are open."""
    still_open, raised, cleared = step(_open(ledger), observations, day)
    for alert in raised:
        ledger.raise_alert(alert.name, alert.subject, alert.words, _numbers(alert), now=now)
    for alert in cleared:
        ledger.clear_alert(alert.name, alert.subject, alert.words, _numbers(alert), now=now)
    return list(raised), list(still_open)


def tell(job: JobSettings, raised: list[Alert]) -> str | None:
    """Post alerts to the webhook, if there is one; return why that failed, if it did."""
    if not job.webhook or not raised:
        return None
    words = [f"{alert.name}: {alert.words}" for alert in raised]
    body = json.dumps({"text": "\n".join(words), "alerts": words}).encode()
    request = urllib.request.Request(
        job.webhook, data=body, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=WEBHOOK_TIMEOUT):
            return None
    except OSError as error:
        return f"the webhook could not be told ({error}); its alerts stand in the ledger"


def _open(ledger: Ledger) -> list[Alert]:
    alerts = []
    for row in ledger.open_alerts().to_dict("records"):
        numbers = json.loads(row["numbers"])
        alert = Alert(
            name=row["name"],
            subject=row["subject"],
            level=numbers.get("level", "warning"),
            since=pd.Timestamp(row["written_at"]).date(),
            value=float(numbers.get("value") or np.nan),
            limit=float(numbers.get("limit") or np.nan),
            words=row["message"],
        )
        alerts.append(alert)
    return alerts


def _numbers(alert: Alert) -> dict[str, Any]:
    return {"value": alert.value, "limit": alert.limit, "level": alert.level}


def _loss_drift(ledger: Ledger, horizon: int) -> list[Observation]:
    """Return the CUSUM of what went out against HAR, held against the first year of the ledger."""
    losses = series_losses(ledger.table("scored", Only(horizon=horizon), columns=OF_A_LOSS))
    pair = losses.dropna(subset=["issued", REFERENCE]) if len(losses) else losses
    if pair.empty:
        return []
    daily = (pair["issued"] - pair[REFERENCE]).groupby(pair["origin"]).mean()
    before, since = daily.iloc[:YEAR], daily.iloc[YEAR:]
    try:
        return [LossCusum(before).observation(since, "what went out")] if len(since) else []
    except ValueError:  # HAR itself went out all the while: the differences are zero
        return []


def _input_drift(panel: Panel, origin: int, trained: int) -> list[Observation]:
    """Return the drift of every feature over the last sessions; none before there are enough."""
    if origin - trained + 1 < RECENT // 3:
        return []
    first = max(trained, origin + 1 - RECENT)
    return input_observations(
        input_drift(
            _feature_rows(panel, slice(max(0, trained - 4 * YEAR), trained)),
            _feature_rows(panel, slice(first, origin + 1)),
            panel.names,
        )
    )


def _feature_rows(panel: Panel, sessions: slice) -> pd.DataFrame:
    x = panel.x[sessions]
    rows = pd.DataFrame(x.reshape(-1, x.shape[2]), columns=list(panel.names))
    return rows.assign(origin=np.repeat(panel.sessions[sessions], x.shape[1]))
