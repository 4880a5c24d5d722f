"""The webhook: every alert is posted once, and again until somebody took it."""

from __future__ import annotations

import datetime as dt
import json
import urllib.request
from http.client import HTTPException
from pathlib import Path

import pandas as pd

from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import write_text
from volcast.pipeline.ledger.ledger import Ledger

NOTE = "webhook.json"  # beside the ledger: the row up to which alerts were told
TONIGHT = dt.timedelta(hours=12)
TIMEOUT = 10.0  # seconds


def tell(webhook: str, ledger: Ledger, *, now: dt.datetime) -> str | None:
    """Post what was raised since the last post and still stands; return why that failed, if so.

    Without a note of an earlier post, or with one of another ledger, what was raised in the twelve
    hours before `now` is posted. An alert may be told twice where the note could not be written.
    Nothing is posted or written where `webhook` is empty.
    """
    if not webhook:
        return None
    alerts = ledger.table("alerts")
    note = ledger.path.with_name(NOTE)
    told = _told(note, alerts, now)
    standing = ledger.open_alerts()
    untold = standing[standing["seq"] > told]
    if untold.empty:
        return None
    failed = None
    try:
        _post(webhook, [f"{a.name}: {a.message}" for a in untold.itertuples(index=False)])
        told = int(alerts["seq"].max())
    except (OSError, HTTPException, ValueError) as error:
        failed = f"the webhook could not be told ({error}); its alerts stand in the ledger"
    try:
        write_text(note, json.dumps({"told": told}))
    except StorageError as error:
        failed = failed or f"what the webhook was told could not be noted: {error}"
    return failed


def _post(webhook: str, words: list[str]) -> None:
    body = json.dumps({"text": "\n".join(words), "alerts": words}).encode()
    request = urllib.request.Request(
        webhook, data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT):
        pass


def _told(note: Path, alerts: pd.DataFrame, now: dt.datetime) -> int:
    """Return the last row of the ledger that the webhook knows of."""
    last = int(alerts["seq"].max()) if len(alerts) else 0
    try:
        told = int(json.loads(note.read_text(encoding="utf-8"))["told"])
    except (OSError, ValueError, KeyError, TypeError):
        told = None
    if told is not None and told <= last:
        return told
    earlier = alerts.loc[alerts["written_at"] < pd.Timestamp(now) - TONIGHT, "seq"]
    return int(earlier.max()) if len(earlier) else 0
