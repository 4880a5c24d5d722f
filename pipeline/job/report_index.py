"""The index of all evenings' pages, made from the note that lies beside each page."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

from volcast.pipeline.files import write_text
from volcast.pipeline.home import Home
from volcast.reports.evening.content import EveningContent
from volcast.reports.evening.index import EveningRow, render_index
from volcast.reports.evening.scores import what_went_out

PAGE, NOTE, INDEX = "report.html", "evening.json", "index.html"
COUNTED = ("alerts", "forecasts", "qlike_ratio")


def note_evening(folder: Path, content: EveningContent) -> None:
    """Write what the index says of an evening beside its page, as ``context.json``."""
    issued = what_went_out(content.scores)
    ratio = float(issued.sort_values("horizon")["ratio_to_har"].iloc[0]) if len(issued) else None
    note = {
        "date": f"{content.day:%Y-%m-%d}",
        "champion": content.champion,
        "alerts": len(content.alerts),
        "forecasts": len(content.forecasts),
        "qlike_ratio": ratio if ratio is not None and math.isfinite(ratio) else None,
    }
    write_text(folder / NOTE, json.dumps(note, indent=1) + "\n")


def write_index(home: Home) -> None:
    """Write ``reports/index.html``: a row a page, the newest first.

    A page whose note is missing or damaged is listed all the same, with its date alone.
    """
    rows = [_row(home.reports / day) for day in reversed(_days(home))]
    write_text(home.reports / INDEX, render_index(rows))


def earlier_page(home: Home, origin: dt.date) -> str:
    """Return the address, as a page sees it, of the last page before `origin`; empty without."""
    earlier = [day for day in _days(home) if day < origin.isoformat()]
    return f"../{earlier[-1]}/{PAGE}" if earlier else ""


def _days(home: Home) -> list[str]:
    """Return the dates that have a page, ascending."""
    return sorted(path.parent.name for path in home.reports.glob(f"*/{PAGE}"))


def _row(folder: Path) -> EveningRow:
    note = _note(folder / NOTE)
    champion = note.get("champion")
    return EveningRow(
        f"{folder.name}/{PAGE}",
        champion if isinstance(champion, str) else "",
        *(_number(note.get(name)) for name in COUNTED),
    )


def _note(path: Path) -> dict[str, Any]:
    """Return a note of the index; an empty one where it is missing or damaged."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _number(value: Any) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else math.nan
