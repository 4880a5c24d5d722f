"""Monitoring of one evening: what is observed, and which alerts it raises."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.panel import aligned
from volcast.pipeline.data.calendars.sessions import last_settled_session, sessions_between
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.monitoring.drift import RECENT, YEAR, drift_of_inputs, drift_of_loss
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.panel.build import assign_calendars
from volcast.reports.monitoring.alerts import Alert, Observation, step
from volcast.reports.monitoring.forecasts import clip_rate, coverage
from volcast.reports.monitoring.freshness import freshness

USUAL_CLIPS = 0.01
OF_WHAT_WENT_OUT = ["origin", "ticker", "horizon", "lower", "upper", "clipped", "realized"]


def observe(context: JobContext) -> list[Observation]:
    """Return what is observed of the forecasts that went out, and of the inputs behind them."""
    panel, origin = context.panel, context.origin
    longest = YEAR + max(panel.horizons)  # sessions, of which the last have no outcome yet
    since = RowFilter(since=context.sessions_ago(longest), role="champion")
    issued = context.ledger.table("scored", since, columns=OF_WHAT_WENT_OUT)
    recent = issued[issued["origin"].isin(np.unique(issued["origin"])[-RECENT:])]
    found = [clip_rate(recent, USUAL_CLIPS)] if len(recent) else []
    level = context.config.report.interval
    for horizon in panel.horizons:
        mine = issued[(issued["horizon"] == horizon) & (issued["realized"] > 0)]
        last = mine[mine["origin"].isin(np.unique(mine["origin"])[-YEAR:])]
        if len(last):
            subject = f"{horizon}-session intervals"
            found.append(coverage(last, level=level, horizon=horizon, subject=subject))
    return [*found, drift_of_loss(context), *drift_of_inputs(panel, origin)]


def stale(context: JobContext) -> list[Observation]:
    """Return whether prices are fresh, for all tickers that are asked for and for each.

    A ticker that has no bars at all tonight counts from the last origin that it was forecast from.
    """
    panel, origin, now = context.panel, context.origin, context.now
    names = assign_calendars(context.tickers, context.config)
    variance = aligned(panel, tuple(names)).variance[: origin + 1]
    settled = {name: last_settled_session(name, now) for name in set(names.values())}
    behind = {}
    for known, (ticker, name) in zip(np.isfinite(variance).T, names.items(), strict=True):
        if known.any():
            last = panel.sessions[np.flatnonzero(known)[-1]].date()
        else:
            forecast = context.ledger.last_origin(ticker=ticker)
            last = forecast or panel.sessions[0].date()
        since = sessions_between(name, last, settled[name].date())
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
