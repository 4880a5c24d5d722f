"""Monitoring of a daily run: what is observed, and which alerts are raised and cleared."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.panel import align_tickers
from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.monitoring.drift import (
    RECENT,
    YEAR,
    observe_input_drift,
    observe_loss_drift,
)
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.panel.build import assign_calendars
from volcast.reports.monitoring.alerts import Alert, Observation, step
from volcast.reports.monitoring.forecasts import clip_rate, coverage
from volcast.reports.monitoring.freshness import freshness

USUAL_CLIP_RATE = 0.01  # share of forecasts that the insanity filter may clip
ISSUED_COLUMNS = ["origin", "ticker", "horizon", "lower", "upper", "clipped", "realized"]


def observe_forecasts(context: JobContext) -> list[Observation]:
    """Return what is observed of the issued forecasts and of the features behind them."""
    panel, origin = context.panel, context.origin
    longest = YEAR + max(panel.horizons)  # sessions, of which the last have no outcome yet
    since = RowFilter(since=context.sessions_ago(longest), role="champion")
    issued = context.ledger.table("scored", since, columns=ISSUED_COLUMNS)
    recent = issued[issued["origin"].isin(np.unique(issued["origin"])[-RECENT:])]
    observations = [clip_rate(recent, USUAL_CLIP_RATE)] if len(recent) else []
    level = context.config.report.interval
    for horizon in panel.horizons:
        known = issued[(issued["horizon"] == horizon) & (issued["realized"] > 0)]
        last = known[known["origin"].isin(np.unique(known["origin"])[-YEAR:])]
        if len(last):
            subject = f"{horizon}-session intervals"
            observations.append(coverage(last, level=level, horizon=horizon, subject=subject))
    return [*observations, observe_loss_drift(context), *observe_input_drift(panel, origin)]


def observe_stale_tickers(context: JobContext) -> list[Observation]:
    """Return whether prices are up to date, for all tickers together and for each.

    A ticker without any bars counts from the last origin for which it was forecast.
    """
    panel, origin, now = context.panel, context.origin, context.now
    calendars = assign_calendars(context.tickers, context.config)
    variance = align_tickers(panel, tuple(calendars)).variance[: origin + 1]
    settled = {name: last_settled_session(name, now) for name in set(calendars.values())}
    behind = {}
    for known, (ticker, name) in zip(np.isfinite(variance).T, calendars.items(), strict=True):
        if known.any():
            last = panel.sessions[np.flatnonzero(known)[-1]].date()
        else:
            forecast = context.ledger.last_origin(ticker=ticker)
            last = forecast or panel.sessions[0].date()
        since = sessions_between(name, last, settled[name].date())
        behind[ticker] = max(0, len(since) - 1)
    return freshness(behind, tolerated=0)


def observe_held_bars(context: JobContext) -> list[Observation]:
    """Return for each ticker whether nothing can be forecast from its newest bar."""
    return [_observe_held_bar(context, ticker) for ticker in context.tickers]


def _observe_held_bar(context: JobContext, ticker: str) -> Observation:
    held = ticker in context.held
    words = (
        f"the bar of {ticker} on {context.day.date()} contradicts the ones before it, or follows a "
        "rejected one: its forecasts use the bars before, until the next bar"
        if held
        else f"no bar of {ticker} is held back"
    )
    return Observation("held bar", ticker, float(held), 0.0, 0.0, words)


def update_alerts(
    ledger: Ledger, observations: Iterable[Observation], day: dt.date, *, now: dt.datetime
) -> tuple[list[Alert], list[Alert]]:
    """Write to the ledger which alerts are raised and cleared.

    Parameters
    ----------
    ledger
        Holds the alerts that are open.
    observations
        What was observed; an alert is named by its name and subject.
    day
        The origin, from which a new alert counts.
    now
        The time of writing.

    Returns
    -------
    raised
        The new alerts.
    still_open
        All open alerts.
    """
    still_open, raised, cleared = step(_read_open_alerts(ledger), observations, day)
    for alert in raised:
        ledger.raise_alert(alert.name, alert.subject, alert.words, _numbers(alert), now=now)
    for alert in cleared:
        ledger.clear_alert(alert.name, alert.subject, alert.words, _numbers(alert), now=now)
    return list(raised), list(still_open)


def _read_open_alerts(ledger: Ledger) -> list[Alert]:
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
