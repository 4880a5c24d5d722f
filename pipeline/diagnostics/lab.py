"""The page of the optimisation lab: its experiments run and rendered."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from volcast.models.lab.experiments import build_all_tables
from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import write_text
from volcast.reports.lab.page import build_lab_sections
from volcast.reports.section import Page
from volcast.reports.templating import render_html

TITLE = "The optimisation lab"
SUBTITLE = (
    "How gradient descent and backpropagation work, on examples small enough to check by hand. "
    "Every number was computed when this page was written, by volcast's own NumPy network."
)


def write_lab(path: Path) -> list[dict[str, str]]:
    """Run the experiments and write their page; return the text of each section.

    Raises
    ------
    StorageError
        The page cannot be written; this is checked before the experiments run.
    """
    if path.is_dir():
        raise StorageError(f"{path} is a folder; name a file, such as --out {path / 'lab.html'}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path.parent, str(error.strerror)) from error
    if not os.access(path.parent, os.W_OK):
        raise _cannot_write(path.parent, "no permission")
    sections = build_lab_sections(build_all_tables())
    write_text(path, render_html(Page(TITLE, SUBTITLE, sections)))
    return [_summarise(finding) for finding in sections]


def _cannot_write(folder: Path, reason: str) -> StorageError:
    return StorageError(f"cannot write to {folder}: {reason}; choose another --out")


def _summarise(finding: Any) -> dict[str, str]:
    return {name: getattr(finding, name) for name in ("name", "title", "sentence", "advice")}
