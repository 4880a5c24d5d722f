"""The reports of the evenings, as the job wrote them."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

from volcast.pipeline.home import Home
from volcast.pipeline.serve.reading.origin_rows import Row

PAGE, ENTRY = "report.html", "evening.json"  # as the job names them
NUMBERS = ("alerts", "forecasts", "qlike_ratio")


def list_evenings(home: Home) -> list[Row]:
    """Return `date, champion, alerts, forecasts, qlike_ratio` of each evening, the newest first.

    What the job did not store, or what is damaged, is None.
    """
    folders = sorted(path.parent for path in home.reports.glob(f"*/{PAGE}"))
    return [_read_evening(folder) for folder in reversed(folders) if _is_day(folder.name)]


def read_report(home: Home, day: dt.date) -> str | None:
    """Return the page of an evening as HTML; None if there is none."""
    try:
        return (home.reports / day.isoformat() / PAGE).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_day(name: str) -> bool:
    try:
        return dt.date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def _read_evening(folder: Path) -> Row:
    entry = _read_entry(folder / ENTRY)
    champion = entry.get("champion")
    return {
        "date": folder.name,
        "champion": champion if isinstance(champion, str) else None,
        **{name: _to_number(entry.get(name)) for name in NUMBERS},
    }


def _read_entry(path: Path) -> dict[str, Any]:
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _to_number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else None
