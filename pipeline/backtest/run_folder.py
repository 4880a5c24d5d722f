"""The run folder: the names of its files, its manifest and its settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import RunFolderError
from volcast.pipeline.files import read_frame, write_text
from volcast.pipeline.panel.external import ExternalData

MANIFEST = "manifest.json"
CONFIG = "config.toml"
BARS = "bars.parquet"
QUALITY = "quality.csv"
EVENTS = "events.parquet"
SERIES = "series.parquet"
FEATURES = "features.arrow"
MODEL = "model"
HISTORY = "history.csv"
FORECASTS = "forecasts.parquet"
SCORES = "scores.csv"
STEPS = "steps.csv"
DIAGNOSIS = "diagnosis"
PAGES = "pages"
RISK = "risk.csv"
REPORT_HTML = "report.html"
REPORT_MD = "report.md"
RECORDED = {"key", "inputs", "source", "outputs", "seconds", "summary"}  # of each stage


def read_table(path: Path, **options: Any) -> pd.DataFrame:
    """Return a table of a run folder; `options` are those of the pandas reader.

    Raises
    ------
    RunFolderError
        The table has not been written yet; the message says how to write it.
    StorageError
        The file is damaged.
    """
    if not path.exists():
        raise RunFolderError(f"{path} is missing; run the preceding stage, or `volcast run`")
    return read_frame(path, **options)


def read_external(folder: Path) -> ExternalData:
    """Return the events and series of a run folder.

    Raises
    ------
    RunFolderError
        They have not been loaded yet.
    StorageError
        A file is damaged.
    """
    return ExternalData(read_table(folder / EVENTS), read_table(folder / SERIES))


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run folder; an empty one if there is none yet.

    Raises
    ------
    RunFolderError
        The file is damaged.
    """
    path = folder / MANIFEST
    if not path.exists():
        return {"stages": {}}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        whole = all(record.keys() >= RECORDED for record in manifest["stages"].values())
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        whole = False
    if not whole:
        raise RunFolderError(f"{path} is damaged; delete it, and run `volcast run` again")
    return dict(manifest)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest atomically."""
    write_text(folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def collect_failures(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the reason for each ticker that a stage left out."""
    summaries = [stage["summary"] for stage in manifest["stages"].values()]
    return {t: why for each in summaries for t, why in each.get("failures", {}).items()}


def read_config(folder: Path) -> Config:
    """Return the settings of a run folder.

    Raises
    ------
    RunFolderError
        The folder is not a run folder.
    """
    path = folder / CONFIG
    if not path.exists():
        raise RunFolderError(
            f"{folder} is not a run folder: it has no {CONFIG}; create one with `volcast run`"
        )
    return load_config(path)
