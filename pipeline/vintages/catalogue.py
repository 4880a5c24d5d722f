"""The vintages that the settings name: those that ship with volcast, or those of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from volcast.features.definitions import DEFINITIONS
from volcast.features.registry import is_feature
from volcast.models.pretrained.selection import choose_vintage
from volcast.models.pretrained.vintage import Vintage
from volcast.models.pretrained.vintage_folder import (
    RECORD,
    StoredVintage,
    list_vintages,
    load_vintage,
    read_record,
)
from volcast.pipeline.config.settings import NO_VINTAGES, SHIPPED_VINTAGES, Config
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.files import hash_path

UNVERSIONED = 1  # the definitions of the features of vintages whose record does not say


def find_vintages(config: Config) -> list[StoredVintage]:
    """Return the vintages of ``model.pretrained``, the oldest first; none for "none".

    Raises
    ------
    ConfigError
        A folder holds no vintage, or a damaged one.
    """
    setting = config.model.pretrained
    if setting == NO_VINTAGES:
        return []
    try:
        return list_vintages(_find_folder(setting))
    except ValueError as error:
        raise ConfigError(
            f"model.pretrained: {error}; use {SHIPPED_VINTAGES!r}, {NO_VINTAGES!r}, or a folder "
            "that `volcast pretrain` wrote"
        ) from error


def load_usable_vintage(config: Config, first_untrained: np.datetime64) -> Vintage | None:
    """Return the newest vintage that a training may use, or None (`choose_vintage`).

    Parameters
    ----------
    config
        The settings.
    first_untrained
        The first origin of the validation part.

    Raises
    ------
    ConfigError
        A vintage is damaged.
    """
    chosen = choose_vintage(find_vintages(config), first_untrained)
    return None if chosen is None else load_stored(chosen)


def load_stored(stored: StoredVintage) -> Vintage:
    """Return a vintage with its network; it is kept in memory.

    Raises
    ------
    ConfigError
        A file is missing or damaged, or its features are computed otherwise now.
    """
    try:
        return _load_vintage(stored.folder, str(hash_path(stored.folder / RECORD)))
    except ValueError as error:
        raise ConfigError(f"model.pretrained: {error}") from error


def hash_vintages(config: Config) -> dict[str, str | None]:
    """Return the hash of the record of each vintage, by name: a run depends on them."""
    return {each.name: hash_path(each.folder / RECORD) for each in find_vintages(config)}


def check_features(record: Mapping[str, Any]) -> None:
    """Check that the inputs of a vintage still mean what they meant when it was trained.

    Parameters
    ----------
    record
        Of the vintage (`read_record`).

    Raises
    ------
    ValueError
        A feature no longer exists, or is computed otherwise (`volcast.features.definitions`).
    """
    card = record["card"]
    made_with = card.get("feature_definitions", UNVERSIONED)
    gone = [name for name in record["features"] if not is_feature(name)]
    if gone or made_with != DEFINITIONS:
        reason = f"{', '.join(gone)} no longer exist" if gone else "its features changed since"
        raise ValueError(
            f"a vintage of volcast {card.get('volcast', 'unknown')} up to {record['last_target']} "
            f"cannot be used: {reason}; pretrain it again, or set {NO_VINTAGES!r}"
        )


@lru_cache(maxsize=4)
def _load_vintage(folder: Path, digest: str) -> Vintage:
    """Return the vintage in a folder; `digest` tells a changed one from the one in memory."""
    check_features(read_record(folder))
    return load_vintage(folder)


def _find_folder(setting: str) -> Path:
    if setting == SHIPPED_VINTAGES:
        return Path(str(files("volcast.models.pretrained") / "shipped"))
    return Path(setting)
