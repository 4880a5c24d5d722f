"""A vintage on disk: a saved regressor, and a JSON file that says what it was trained on."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from volcast.models.pretrained.feature_groups import FeatureGroup
from volcast.models.pretrained.vintage import Vintage
from volcast.models.regressor.predictor import Predictor
from volcast.models.regressor.storage import NETWORK, STATE

FORMAT = 1
RECORD = "vintage.json"
FILES = (NETWORK, STATE)


@dataclass(frozen=True)
class StoredVintage:
    """A vintage that is not loaded: its folder, and the last target that it has seen."""

    folder: Path
    last_target: np.datetime64

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name


def save_vintage(folder: Path, vintage: Vintage, card: Mapping[str, Any]) -> None:
    """Write a vintage into `folder`, which is created if missing.

    The JSON file is written last and holds the hashes of the others, so that a half-written folder
    cannot be loaded.

    Parameters
    ----------
    folder
        Where to write.
    vintage
        Its folder and digest are not written.
    card
        What the training was: data, settings, and what was reached on rows that were left out.

    Raises
    ------
    TypeError
        The vintage was loaded from a folder.
    """
    from volcast.models.regressor.estimator import KerasVolatilityRegressor

    if not isinstance(vintage.regressor, KerasVolatilityRegressor):
        raise TypeError("a vintage that was loaded is copied, not saved: use copy_vintage")
    vintage.regressor.save(folder)
    record = {
        "format": FORMAT,
        "last_target": str(vintage.last_target),
        "horizons": list(vintage.horizons),
        "features": list(vintage.features),
        "groups": {group.name: list(group.features) for group in vintage.groups},
        "error_percentiles": vintage.error_percentiles.round(6).tolist(),
        "files": {name: _hash_file(folder / name) for name in FILES},
        "card": dict(card),
    }
    record["seal"] = _compute_seal(record)
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def copy_vintage(vintage: Vintage, parent: Path) -> None:
    """Copy the files of a vintage into the folder of its name below `parent`.

    Raises
    ------
    ValueError
        The files were changed since the vintage was loaded.
    """
    target = parent / vintage.name
    target.mkdir(parents=True, exist_ok=True)
    for name in (*FILES, RECORD):
        shutil.copyfile(vintage.folder / name, target / name)
    # A network must not be kept with another vintage than the one that it was combined with.
    if _hash_file(target / RECORD) != vintage.digest:
        raise ValueError(f"{vintage.folder} was changed while it was in use; run again")
    check_files(target, read_record(target))


def list_vintages(parent: Path) -> list[StoredVintage]:
    """Return the vintages in the folders below `parent`, the oldest first.

    Only their records are read.

    Raises
    ------
    ValueError
        There is no vintage, or a record is damaged; the message names it.
    """
    # A hidden folder is one that `volcast pretrain` was writing or replacing when it was killed.
    folders = sorted(path.parent for path in parent.glob(f"[!.]*/{RECORD}"))
    if not folders:
        raise ValueError(f"{parent} holds no pretrained vintage: no folder in it has a {RECORD}")
    stored = [StoredVintage(folder, _parse_date(read_record(folder))) for folder in folders]
    return sorted(stored, key=lambda vintage: vintage.last_target)


def load_vintage(folder: Path) -> Vintage:
    """Return the vintage that `save_vintage` wrote.

    Raises
    ------
    ValueError
        A file is missing, damaged or of another format; the message names it.
    """
    record = read_record(folder)
    check_files(folder, record)
    return Vintage(
        folder=folder,
        last_target=_parse_date(record),
        features=tuple(record["features"]),
        groups=tuple(FeatureGroup(name, tuple(f)) for name, f in record["groups"].items()),
        horizons=tuple(record["horizons"]),
        regressor=Predictor.load(folder),
        error_percentiles=np.array(record["error_percentiles"]),
        digest=_hash_file(folder / RECORD),
    )


def read_record(folder: Path) -> dict[str, Any]:
    """Return the JSON file of a vintage.

    Raises
    ------
    ValueError
        It is missing, damaged or of another format; the message names it.
    """
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise ValueError(f"its format is {record['format']}, not {FORMAT}")
        _parse_date(record)
        if record["seal"] != _compute_seal(record):
            raise ValueError("its date, features or files were changed since it was written")
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not the record of a vintage: {error}") from error
    return dict(record)


def check_files(folder: Path, record: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` unless the files of a vintage are those that its record names."""
    for name, expected in record["files"].items():
        if not (folder / name).is_file() or _hash_file(folder / name) != expected:
            raise ValueError(
                f"{folder / name} is missing or was changed since {RECORD} was written; copy the "
                "whole folder of the vintage again"
            )


def _compute_seal(record: Mapping[str, Any]) -> str:
    """Return the hash of a record without its seal: a date that was edited by hand is found."""
    content = {name: value for name, value in record.items() if name != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _parse_date(record: Mapping[str, Any]) -> np.datetime64:
    return np.datetime64(record["last_target"], "D")


def _hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
