"""The versions of models: from the registry, or, if it cannot be read here, from the ledger."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from volcast.pipeline.errors import RegistryError
from volcast.pipeline.home import Home
from volcast.pipeline.serve.reading import registry_store
from volcast.pipeline.serve.reading.origin_rows import Row

REGISTRY, LEDGER = "registry", "ledger"
REGISTERED = "registered"  # the action of the decision that a training leaves
TRACKING_VARIABLE = "VOLCAST_TRACKING_URI"


def read_recorded_champion(home: Home) -> Row | None:
    """Return `version, model, folder, digest` of champion.json; None without the file.

    Raises
    ------
    RegistryError
        The file is damaged.
    """
    try:
        champion = json.loads(home.champion.read_text(encoding="utf-8"))
        return {
            "version": int(champion["version"]),
            **{name: str(champion[name]) for name in ("model", "folder", "digest")},
        }
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"{home.champion} is damaged ({error}); delete it, and `volcast models list` writes it "
            "again"
        ) from error


def read_versions(home: Home, connection: sqlite3.Connection) -> list[Row]:
    """Return what is known of every version, the newest first.

    Parameters
    ----------
    home
        The home.
    connection
        In a snapshot of its ledger.

    Returns
    -------
    list of dict
        `version, model, aliases, source, registered_at, trained_through, promoted_over, run,
        metrics, parameters, facts`.

    Raises
    ------
    RegistryError
        The registry is damaged.
    """
    if _is_readable(home):
        from volcast.pipeline.registry.mlflow_run import TAG
        from volcast.pipeline.registry.registry import NAME

        stored = registry_store.read_versions(home.registry, NAME, TAG)
        return [_from_registry(each) for each in stored]
    return _read_ledger(home, connection)


def read_curves(home: Home, run: str | None) -> list[dict[str, Any]]:
    """Return the training curves of a run; empty if they are not in the home."""
    if not run or not _is_readable(home):
        return []
    return registry_store.read_curves(home.registry, run)


def find_state(home: Home) -> Hashable:
    """Return what changes whenever the registry or the champion does."""
    files = (home.registry, home.registry.with_name(f"{home.registry.name}-wal"), home.champion)
    return tuple(_find_stamp(path) for path in files)


def _find_stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _is_readable(home: Home) -> bool:
    elsewhere = os.environ.get(TRACKING_VARIABLE)
    return (
        not elsewhere and home.registry.is_file() and registry_store.has_known_tables(home.registry)
    )


def _from_registry(stored: registry_store.StoredVersion) -> Row:
    facts = stored["facts"]
    replaced = str(facts.get("promoted_over") or "")
    return {
        "version": stored["version"],
        "model": facts.get("model", ""),
        "aliases": stored["aliases"],
        "source": REGISTRY,
        "registered_at": facts.get("registered_at") or None,
        "trained_through": facts.get("trained_through") or None,
        "promoted_over": int(replaced) if replaced.isdecimal() else None,
        "run": stored["run"],
        "metrics": stored["metrics"],
        "parameters": stored["parameters"],
        "facts": facts,
    }


def _read_ledger(home: Home, connection: sqlite3.Connection) -> list[Row]:
    """Return the versions that the ledger has the training of, and the champion."""
    champion = read_recorded_champion(home)
    rows = connection.execute(
        "SELECT subject, numbers, written_at FROM decisions WHERE action = ? ORDER BY seq DESC",
        [REGISTERED],
    ).fetchall()
    found: dict[int, Row] = {}
    for subject, numbers, written_at in rows:
        model, _, number = str(subject).rpartition(" ")
        if number.isdecimal():
            found[int(number)] = _build_version(int(number), model, written_at, json.loads(numbers))
    if champion and champion["version"] not in found:
        number = champion["version"]
        found[number] = _build_version(number, champion["model"], None, {})
    if champion:
        found[champion["version"]]["aliases"] = ["champion"]
    return [found[number] for number in sorted(found, reverse=True)]


def _build_version(number: int, model: str, written_at: str | None, numbers: dict[str, Any]) -> Row:
    metrics = {key: value for key, value in numbers.items() if isinstance(value, int | float)}
    unknown = dict.fromkeys(("trained_through", "promoted_over", "run"))
    return {
        "version": number,
        "model": model,
        "aliases": [],
        "source": LEDGER,
        "registered_at": written_at,
        "metrics": metrics,
        "parameters": {},
        "facts": {},
        **unknown,
    }
