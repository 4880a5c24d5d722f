"""The folder of one fold: its network, forecasts and training curves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.models.pretrained.network_folder import save_network
from volcast.pipeline.backtest.forecast_file import count_rows, write_parts
from volcast.pipeline.backtest.run_folder import read_table
from volcast.pipeline.backtest.training_curves import build_training_curves
from volcast.pipeline.backtest.walk_forward import FoldResult
from volcast.pipeline.cluster.environment import Environment
from volcast.pipeline.cluster.work import Answer
from volcast.pipeline.errors import RunFolderError
from volcast.pipeline.files import hash_path

FORECASTS = "forecasts.parquet"
HISTORY = "history.csv"
MEMBERS = "members.parquet"
KEY = "fold.json"


def find_fold_folder(model: Path, number: int) -> Path:
    """Return the folder of a fold below the folder of all folds.

    Examples
    --------
    >>> find_fold_folder(Path("run/model"), 7).name
    'fold-007'
    """
    return model / f"fold-{number:03d}"


def save_fold(folder: Path, answer: Answer, key: str, horizons: Sequence[int]) -> None:
    """Write the result of a fold.

    ``fold.json`` comes last, with the key, the file hashes, and where the fold was computed.
    """
    result: FoldResult = answer.value
    save_network(folder, result.network)
    history = build_training_curves(result.network.regressor, result.number, horizons)
    history.to_csv(folder / HISTORY, index=False)
    write_parts(folder / FORECASTS, result.parts)
    result.members.to_parquet(folder / MEMBERS, index=False)
    finished = {
        "key": key,
        "files": _hash_files(folder),
        "computed_on": answer.environment.to_dict(),
    }
    (folder / KEY).write_text(json.dumps(finished), encoding="utf-8")


def is_fold_finished(folder: Path, key: str) -> bool:
    """Return whether a fold was finished under this key and its files are unchanged since."""
    try:
        finished = json.loads((folder / KEY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    expected = {"key": key, "files": _hash_files(folder)}
    return isinstance(finished, dict) and expected.items() <= finished.items()


def read_environments(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the processors and versions of TensorFlow of finished folds, each with its folds.

    Folds that an earlier version wrote without them are left out.
    """
    found: dict[Environment, list[int]] = {}
    for number, folder in enumerate(folders):
        computed = json.loads((folder / KEY).read_text(encoding="utf-8")).get("computed_on")
        if computed:
            found.setdefault(Environment(**computed), []).append(number)
    return [{**each.to_dict(), "folds": folds} for each, folds in sorted(found.items())]


def remove_other_folds(model: Path, folders: Iterable[Path]) -> None:
    """Delete everything in the folder of all folds but these folders."""
    for path in set(model.iterdir()) - set(folders):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def read_fold_tables(folders: Sequence[Path], name: str, **equal: Any) -> pd.DataFrame:
    """Return one table of all folds, one below the other.

    Of a Parquet file these are the rows whose columns have the values `equal`.

    Raises
    ------
    RunFolderError
        There is no fold, or a table is missing.
    """
    if not folders:
        raise RunFolderError("the run has no trained folds; run `volcast train` on it first")
    options = {"filters": [(key, "==", value) for key, value in equal.items()]} if equal else {}
    tables = [read_table(folder / name, **options) for folder in folders]
    return pd.concat(tables, ignore_index=True)


def count_fold_rows(folders: Sequence[Path], name: str) -> int:
    """Return the rows of a Parquet table of all folds."""
    return sum(count_rows(folder / name) for folder in folders)


def _hash_files(folder: Path) -> dict[str, str | None]:
    """Return the hash of each file of a fold, by name."""
    files = sorted(file for file in folder.iterdir() if file.name != KEY)
    return {file.name: hash_path(file) for file in files}
