"""MLflow's tables under the home, read without MLflow, whose import takes seconds.

Only the tables and columns of `COLUMNS` are used. If a later version of MLflow has others, nothing
is read here, and the versions are those that the ledger knows (`versions`).
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from volcast.pipeline.errors import RegistryError

TIMEOUT = 5.0  # seconds that a reader waits for MLflow's transaction
COLUMNS = {
    "model_versions": ("name", "version", "run_id", "current_stage"),
    "model_version_tags": ("name", "version", "key", "value"),
    "registered_model_aliases": ("name", "version", "alias"),
    "params": ("run_uuid", "key", "value"),
    "latest_metrics": ("run_uuid", "key", "value", "is_nan"),
    "metrics": ("run_uuid", "key", "value", "step", "is_nan"),
}
DELETED = "Deleted_Internal"  # the stage of a version that was removed
CURVES = ("train_loss", "val_loss")
StoredVersion = dict[str, Any]


def has_known_tables(path: Path) -> bool:
    """Return whether the store has the tables that are read here.

    Raises
    ------
    RegistryError
        The file cannot be read.
    """
    with _open(path) as connection:
        for table, columns in COLUMNS.items():
            found = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            if not found.issuperset(columns):
                return False
    return True


def read_versions(path: Path, name: str, tag: str) -> list[StoredVersion]:
    """Return the versions of a registered model, the newest first.

    Parameters
    ----------
    path
        MLflow's SQLite file.
    name
        Of the registered model.
    tag
        The prefix of the facts among the tags of a version.

    Returns
    -------
    list of dict
        `version, run, aliases, facts, parameters, metrics`; curves are not among the metrics.
    """
    with _open(path) as connection:
        numbers = connection.execute(
            "SELECT version, run_id FROM model_versions WHERE name = ? AND current_stage <> ? "
            "ORDER BY version DESC",
            [name, DELETED],
        ).fetchall()
        aliases = _group(
            connection,
            "SELECT version, alias, 1 FROM registered_model_aliases WHERE name = ?",
            name,
        )
        tags = _group(
            connection, "SELECT version, key, value FROM model_version_tags WHERE name = ?", name
        )
        parameters = _group(connection, "SELECT run_uuid, key, value FROM params")
        metrics = _group(
            connection, "SELECT run_uuid, key, value FROM latest_metrics WHERE NOT is_nan"
        )
    return [
        {
            "version": int(number),
            "run": str(run),
            "aliases": sorted(aliases[number]),
            "facts": {
                key.removeprefix(tag): value
                for key, value in tags[number].items()
                if key.startswith(tag)
            },
            "parameters": parameters[run],
            "metrics": {key: each for key, each in metrics[run].items() if key not in CURVES},
        }
        for number, run in numbers
    ]


def read_curves(path: Path, run: str) -> list[dict[str, Any]]:
    """Return `epoch, train_loss, val_loss` of a run: medians over its members, None if unknown."""
    epochs: dict[int, dict[str, Any]] = defaultdict(lambda: dict.fromkeys(CURVES))
    with _open(path) as connection:
        rows = connection.execute(
            "SELECT step, key, value FROM metrics WHERE run_uuid = ? AND key IN (?, ?) "
            "AND NOT is_nan ORDER BY step",
            [run, *CURVES],
        )
        for step, key, value in rows:
            epochs[int(step)][key] = float(value)
    return [{"epoch": epoch, **losses} for epoch, losses in sorted(epochs.items())]


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=TIMEOUT)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise RegistryError(
            f"the model registry {path} cannot be read ({error}); if it is damaged, restore your "
            "latest backup"
        ) from error


def _group(
    connection: sqlite3.Connection, query: str, *values: str
) -> defaultdict[Any, dict[str, Any]]:
    """Return rows of three columns as dictionaries by the first one."""
    groups: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
    for owner, key, value in connection.execute(query, values):
        groups[owner][key] = value
    return groups
