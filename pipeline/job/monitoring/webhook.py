"""The webhook: alerts are posted once, until a post succeeds; the last row after each run."""

from __future__ import annotations

import datetime as dt
import json
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import write_text
from volcast.pipeline.ledger.chain import Head
from volcast.pipeline.ledger.ledger import Ledger

STATE_FILE = "webhook.json"  # next to the ledger: the row up to which alerts were posted
STATE_KEY = "told"  # the key in the homes of every version
FIRST_POST = dt.timedelta(hours=12)  # how old an alert may be when nothing was posted before
TIMEOUT = 10.0  # seconds


def post_alerts(webhook: str, ledger: Ledger, *, now: dt.datetime) -> str | None:
    """Post the open alerts raised since the last post; return why that failed, if it did.

    Without a record of an earlier post, or with that of another ledger, the alerts raised in the
    twelve hours before `now` are posted. An alert may be posted twice if the record cannot be
    written.

    Parameters
    ----------
    webhook
        The address; nothing is posted or written if it is empty.
    ledger
        Holds the alerts; the record of what was posted lies next to its file.
    now
        The time.
    """
    if not webhook:
        return None
    alerts = ledger.table("alerts")
    path = ledger.path.with_name(STATE_FILE)
    posted = _read_last_posted(path, alerts, now)
    open_alerts = ledger.open_alerts()
    unposted = open_alerts[open_alerts["seq"] > posted]
    if unposted.empty:
        return None
    failure = None
    try:
        _post(webhook, [f"{a.name}: {a.message}" for a in unposted.itertuples(index=False)])
        posted = int(alerts["seq"].max())
    except (OSError, HTTPException, ValueError) as error:
        failure = f"the webhook could not be notified ({error}); its alerts are in the ledger"
    try:
        write_text(path, json.dumps({STATE_KEY: posted}))
    except StorageError as error:
        failure = failure or f"the record of posted alerts could not be written: {error}"
    return failure


def post_head(webhook: str, head: Head, day: dt.date) -> str | None:
    """Post number and hash of the ledger's last row; return why that failed, if it did.

    Whoever receives them holds a copy that `volcast ledger verify --head` takes.

    Parameters
    ----------
    webhook
        The address; nothing is posted if it is empty.
    head
        The last row.
    day
        The origin of the run.
    """
    if not webhook:
        return None
    row = {"seq": head.seq, "hash": head.hash}
    try:
        _post(webhook, [], text=f"ledger after {day}: row {head.seq}, {head.hash}", head=row)
    except (OSError, HTTPException, ValueError) as error:
        return f"the ledger's last row could not be posted ({error})"
    return None


def _post(webhook: str, messages: list[str], **more: Any) -> None:
    body = json.dumps({"text": "\n".join(messages), "alerts": messages, **more}).encode()
    request = urllib.request.Request(
        webhook, data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT):
        pass


def _read_last_posted(path: Path, alerts: pd.DataFrame, now: dt.datetime) -> int:
    """Return the number of the last row of the ledger that was posted."""
    last = int(alerts["seq"].max()) if len(alerts) else 0
    try:
        posted = int(json.loads(path.read_text(encoding="utf-8"))[STATE_KEY])
    except (OSError, ValueError, KeyError, TypeError):
        posted = None
    if posted is not None and posted <= last:
        return posted
    earlier = alerts.loc[alerts["written_at"] < pd.Timestamp(now) - FIRST_POST, "seq"]
    return int(earlier.max()) if len(earlier) else 0
