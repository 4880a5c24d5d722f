"""The tables of diagnostics: measured, written to a folder, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS
from volcast.pipeline.errors import ConfigError, StorageError
from volcast.pipeline.files import read_frame, write_frame

if TYPE_CHECKING:
    from volcast.models.diagnose.hyperparameter_trials import Compute
    from volcast.models.diagnose.training_problem import TrainingProblem
    from volcast.pipeline.progress import Progress


def measure_diagnostic(
    name: str, problem: TrainingProblem, progress: Progress, compute: Compute | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables of a diagnostic; `compute` is that of `run_trials`.

    Raises
    ------
    ConfigError
        The settings do not allow this diagnostic.
    """
    progress.note(f"measuring {DIAGNOSTICS[name].about}")
    try:
        return DIAGNOSTICS[name].measure(problem, compute)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def write_tables(folder: Path, name: str, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write the tables of a diagnostic into `folder`, each as ``name.table.parquet``."""
    for part, table in tables.items():
        write_frame(folder / f"{name}.{part}.parquet", table)


def read_tables(folder: Path) -> dict[str, dict[str, pd.DataFrame]]:
    """Return the tables of every diagnostic in `folder`, by diagnostic and table.

    Raises
    ------
    StorageError
        A table is damaged, or belongs to no known diagnostic.
    """
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for path in sorted(folder.glob("*.parquet")):
        name, part, _ = path.name.split(".")
        if name not in DIAGNOSTICS:
            raise StorageError(f"{path} belongs to no diagnostic; delete it and run again")
        found.setdefault(name, {})[part] = read_frame(path)
    return {name: found[name] for name in DIAGNOSTICS if name in found}
