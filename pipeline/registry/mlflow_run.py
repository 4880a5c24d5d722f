"""The run of a version in MLflow: its parameters, metrics, curves and the model's folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import write_folder
from volcast.pipeline.home import Home
from volcast.pipeline.registry.versions import ModelFacts, Version

ARTIFACT = "model"
TAG = "volcast."  # prefix of the facts among MLflow's tags
BATCH = 1_000  # the maximum number of metrics that MLflow takes at once


def artifact_folder(home: Home, run: str) -> Path:
    """Return the folder under the home in which the model of a run is."""
    return home.models / run / "artifacts" / ARTIFACT


def copy_model(home: Home, folder: Path, run: str) -> None:
    """Copy a model's folder to where MLflow looks for the artefacts of a run, atomically.

    Raises
    ------
    StorageError
        The copy cannot be written.
    """
    target = artifact_folder(home, run)
    target.parent.mkdir(parents=True)
    try:
        write_folder(target, lambda unfinished: _copy_files(folder, unfinished))
    except StorageError as error:
        raise StorageError(f"the model was not stored: {error}") from error


def remove_model(home: Home, run: str) -> None:
    """Remove what is stored under the home for a run."""
    shutil.rmtree(home.models / run, ignore_errors=True)


def log_run(client: Any, run: str, facts: ModelFacts, timestamp_ms: int) -> None:
    """Write parameters, metrics and curves under a run."""
    from mlflow.entities import Metric, Param

    parameters = [Param(name, str(value)) for name, value in facts.parameters.items()]
    values = [(name, float(value), 0) for name, value in facts.metrics.items()]
    if facts.curves is not None:
        values += _median_curves(facts.curves)
    metrics = [Metric(name, value, timestamp_ms, step) for name, value, step in values]
    client.log_batch(run, params=parameters)
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run, metrics=metrics[start : start + BATCH])
    if facts.configuration:
        client.log_text(run, facts.configuration, "config.toml")


def read_version(model_version: Any, run: Any, aliases: dict[str, int]) -> Version:
    """Return a version from MLflow's model version, the data of its run, and all aliases."""
    number = int(model_version.version)
    tags = model_version.tags.items()
    return Version(
        number=number,
        aliases=tuple(sorted(alias for alias, owner in aliases.items() if owner == number)),
        facts={name.removeprefix(TAG): value for name, value in tags if name.startswith(TAG)},
        parameters=dict(run.params) if run else {},
        metrics=dict(run.metrics) if run else {},
        run=model_version.run_id,
    )


def _median_curves(curves: pd.DataFrame) -> list[tuple[str, float, int]]:
    """Return name, value and epoch of the medians over the members."""
    medians = curves.groupby("epoch")[["train_loss", "val_loss"]].median()
    return [
        (str(name), float(value), int(epoch))
        for name, curve in medians.items()
        for epoch, value in zip(curve.index, curve, strict=True)
    ]


def _copy_files(folder: Path, target: Path) -> None:
    for file in sorted(folder.rglob("*")):
        copy = target / file.relative_to(folder)
        if file.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        else:
            shutil.copyfile(file, copy)
