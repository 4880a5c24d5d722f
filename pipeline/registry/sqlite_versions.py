"""Reads the versions from MLflow's SQLite file, without the seconds that importing MLflow takes.

Only files whose schema is one of `KNOWN_SCHEMAS` are read; of any other, MLflow is asked.
"""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from types import SimpleNamespace
from typing import Any

from volcast.pipeline.home import Home
from volcast.pipeline.registry.mlflow_run import read_version
from volcast.pipeline.registry.versions import FALLBACK, Version

# Revisions of MLflow's tables, as its migrations number them, in which the tables below mean what
# the queries take them for: of MLflow 3.17.
KNOWN_SCHEMAS = frozenset({"dc11669786a5"})
# MLflow keeps the row of a version that was deleted, and shows it nowhere.
DELETED = "Deleted_Internal"
WORKSPACE = "default"  # the only one of a store that is not shared


def read_versions(home: Home, name: str) -> list[Version] | None:
    """Return all versions of a registered model as one state of the file has them.

    Parameters
    ----------
    home
        The home whose store is read; nothing is written.
    name
        Of the registered model and of its experiment.

    Returns
    -------
    list of Version or None
        The newest first. None if MLflow has to be asked: the file is missing, damaged, of an
        unknown schema or still being made, or lies in a home that was moved.
    """
    if not home.registry.exists():
        return None
    try:
        address = f"{home.registry.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("BEGIN")
            return _read_if_complete(connection, name, home.models.as_uri())
    except sqlite3.Error:
        return None  # MLflow says what is wrong, or mends what a killed process left


def _read_if_complete(
    connection: sqlite3.Connection, name: str, models: str
) -> list[Version] | None:
    schema = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if {number for (number,) in schema} - KNOWN_SCHEMAS or not schema:
        return None
    experiment = connection.execute(
        "SELECT experiment_id, artifact_location FROM experiments WHERE (workspace, name) = (?, ?)",
        (WORKSPACE, name),
    ).fetchone()
    aliases = dict(_select(connection, "alias, version", "registered_model_aliases", name))
    if experiment is None or experiment[1] != models or FALLBACK not in aliases:
        return None
    runs = _read_runs(connection, experiment[0])
    tags: dict[int, dict[str, str]] = {}
    for number, key, value in _select(
        connection, "version, key, value", "model_version_tags", name
    ):
        tags.setdefault(number, {})[key] = value
    versions = [
        read_version(
            SimpleNamespace(version=number, run_id=run, tags=tags.get(number, {})),
            runs.get(run),
            aliases,
        )
        for number, run, stage in _select(
            connection, "version, run_id, current_stage", "model_versions", name
        )
        if stage != DELETED
    ]
    return sorted(versions, key=lambda each: -each.number)


def _select(
    connection: sqlite3.Connection, columns: str, table: str, name: str
) -> list[tuple[Any, ...]]:
    """Return columns of the rows of a registered model."""
    query = f"SELECT {columns} FROM {table} WHERE (workspace, name) = (?, ?)"
    return connection.execute(query, (WORKSPACE, name)).fetchall()


def _read_runs(connection: sqlite3.Connection, experiment: int) -> dict[str, SimpleNamespace]:
    """Return the parameters and the last metrics of the runs that were not deleted."""
    active = "SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active' AND experiment_id = ?"
    runs = {
        run: SimpleNamespace(params={}, metrics={})
        for (run,) in connection.execute(active, (experiment,))
    }
    parameters = f"SELECT run_uuid, key, value FROM params WHERE run_uuid IN ({active})"
    for run, key, value in connection.execute(parameters, (experiment,)):
        runs[run].params[key] = value
    metrics = (
        f"SELECT run_uuid, key, value, is_nan FROM latest_metrics WHERE run_uuid IN ({active})"
    )
    for run, key, value, is_nan in connection.execute(metrics, (experiment,)):
        runs[run].metrics[key] = math.nan if is_nan else value
    return runs
