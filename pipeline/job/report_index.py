"""The index of all daily reports, built from the entry stored with each report."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

from volcast.pipeline.files import write_text
from volcast.pipeline.home import Home
from volcast.pipeline.job.report_files import ENTRY, INDEX, PAGE
from volcast.reports.daily.index import IndexRow, render_index
from volcast.reports.daily.inputs import DailyInputs
from volcast.reports.daily.scores import select_issued

NUMBERS = ("alerts", "forecasts", "qlike_ratio")


def write_index_entry(folder: Path, content: DailyInputs) -> None:
    """Write the index's entry of a daily run next to its report, as ``evening.json``."""
    issued = select_issued(content.scores)
    ratio = float(issued.sort_values("horizon")["ratio_to_har"].iloc[0]) if len(issued) else None
    entry = {
        "date": f"{content.day:%Y-%m-%d}",
        "champion": content.champion,
        "alerts": len(content.alerts),
        "forecasts": len(content.forecasts),
        "qlike_ratio": ratio if ratio is not None and math.isfinite(ratio) else None,
    }
    write_text(folder / ENTRY, json.dumps(entry, indent=1) + "\n")


def write_index(home: Home) -> None:
    """Write ``reports/index.html``: a row for each report, the newest first.

    A report whose entry is missing or damaged is listed with its date only.
    """
    rows = [_build_row(home.reports / day) for day in reversed(_list_days(home))]
    write_text(home.reports / INDEX, render_index(rows))


def find_previous_page(home: Home, origin: dt.date) -> str:
    """Return the relative address of the last report before `origin`; empty if there is none."""
    earlier = [day for day in _list_days(home) if day < origin.isoformat()]
    return f"../{earlier[-1]}/{PAGE}" if earlier else ""


def _list_days(home: Home) -> list[str]:
    """Return the dates that have a report, ascending."""
    return sorted(path.parent.name for path in home.reports.glob(f"*/{PAGE}"))


def _build_row(folder: Path) -> IndexRow:
    entry = _read_entry(folder / ENTRY)
    champion = entry.get("champion")
    return IndexRow(
        f"{folder.name}/{PAGE}",
        champion if isinstance(champion, str) else "",
        *(_to_number(entry.get(name)) for name in NUMBERS),
    )


def _read_entry(path: Path) -> dict[str, Any]:
    """Return an entry of the index; empty if it is missing or damaged."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _to_number(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else math.nan
