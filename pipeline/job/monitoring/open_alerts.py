"""The alerts of a ledger: which are open, and which observations raise and clear."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from volcast.pipeline.ledger.ledger import Ledger
from volcast.reports.monitoring.alerts import Alert, Observation, step


def preview_alerts(
    ledger: Ledger, observations: Iterable[Observation], day: dt.date
) -> tuple[list[Alert], bool]:
    """Return the alerts that `update_alerts` would leave open, and whether it would write any."""
    still_open, raised, cleared = step(read_open_alerts(ledger), observations, day)
    return list(still_open), bool(raised or cleared)


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
    still_open, raised, cleared = step(read_open_alerts(ledger), observations, day)
    for alert in raised:
        ledger.raise_alert(alert.name, alert.subject, alert.words, _numbers(alert), now=now)
    for alert in cleared:
        ledger.clear_alert(alert.name, alert.subject, alert.words, _numbers(alert), now=now)
    return list(raised), list(still_open)


def read_open_alerts(ledger: Ledger) -> list[Alert]:
    """Return the alerts that are open in a ledger."""
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
