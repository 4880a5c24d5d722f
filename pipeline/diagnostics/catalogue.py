"""The diagnostics by name: how each is measured, and which finding it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from volcast.pipeline.errors import ConfigError, StorageError
from volcast.pipeline.files import read_frame, write_frame

if TYPE_CHECKING:
    from volcast.models.diagnose.problem import Problem
    from volcast.pipeline.progress import Progress
    from volcast.reports.section import Section

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Diagnostic:
    """One diagnostic: `measure` makes its tables, `finding` puts them in words and figures."""

    name: str
    about: str
    measure: Callable[[Problem], Tables]
    finding: Callable[[Tables, Problem], Section]


def _rates(problem: Problem) -> Tables:
    from volcast.models.diagnose.rate_finder import find_rate

    return vars(find_rate(problem))


def _rates_finding(tables: Tables, problem: Problem) -> Section:
    from volcast.reports.diagnosis.rates import rates_finding

    return rates_finding(**tables, configured=problem.regressor.learning_rate)


def _map(problem: Problem) -> Tables:
    from volcast.models.diagnose.settings_map import map_settings

    return vars(map_settings(problem))


def _map_finding(tables: Tables, problem: Problem) -> Section:
    from volcast.reports.diagnosis.settings_map import map_finding

    return map_finding(**tables, configured=(problem.regressor.learning_rate, problem.batch_size))


def _compared(name: str, problem: Problem) -> Tables:
    from volcast.models.diagnose import comparison

    compare: dict[str, Any] = {
        "optimizers": comparison.compare_optimizers,
        "batch-sizes": comparison.compare_batch_sizes,
        "learning-rates": comparison.compare_learning_rates,
    }
    tables: Tables = vars(compare[name](problem))
    return tables


def _comparison_finding(name: str, tables: Tables, problem: Problem) -> Section:
    from volcast.reports.diagnosis.comparison import comparison_finding

    configured = {
        "optimizers": f"{problem.regressor.optimizer},",
        "batch-sizes": f"batch {problem.batch_size}",
        "learning-rates": f"rate {problem.regressor.learning_rate:g}",
    }
    return comparison_finding(name, tables, configured[name])


def _comparison(name: str, about: str) -> Diagnostic:
    return Diagnostic(name, about, partial(_compared, name), partial(_comparison_finding, name))


def _gradients(problem: Problem) -> Tables:
    from volcast.models.diagnose.gradient_flow import measure

    return measure(problem)


def _gradients_finding(tables: Tables, problem: Problem) -> Section:
    from volcast.reports.diagnosis.gradients import gradient_flow_finding

    return gradient_flow_finding(dict(tables))


def _gradient_check(problem: Problem) -> Tables:
    from volcast.models.diagnose.gradient_check import check

    return check(problem)


def _gradient_check_finding(tables: Tables, problem: Problem) -> Section:
    from volcast.reports.diagnosis.gradient_check import gradient_check_finding

    return gradient_check_finding(dict(tables))


def _landscape(problem: Problem) -> Tables:
    from volcast.models.diagnose.landscape import measure

    try:
        return measure(problem)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _landscape_finding(tables: Tables, problem: Problem) -> Section:
    from volcast.reports.diagnosis.landscape import landscape_finding

    return landscape_finding(dict(tables))


DIAGNOSTICS = {
    diagnostic.name: diagnostic
    for diagnostic in (
        Diagnostic("rates", "the learning-rate finder", _rates, _rates_finding),
        Diagnostic("map", "learning rate and batch size", _map, _map_finding),
        _comparison("optimizers", "six optimizers"),
        _comparison("batch-sizes", "batch sizes"),
        _comparison("learning-rates", "learning rates"),
        Diagnostic("gradients", "gradients", _gradients, _gradients_finding),
        Diagnostic(
            "gradient-check", "the gradient check", _gradient_check, _gradient_check_finding
        ),
        Diagnostic("landscape", "the loss landscape", _landscape, _landscape_finding),
    )
}


def measure(name: str, problem: Problem, progress: Progress) -> dict[str, pd.DataFrame]:
    """Return the tables of a diagnostic."""
    progress.note(f"measuring {DIAGNOSTICS[name].about}")
    return dict(DIAGNOSTICS[name].measure(problem))


def write_tables(folder: Path, name: str, tables: Tables) -> None:
    """Write the tables of a diagnostic into `folder`, each as ``name.table.parquet``."""
    for part, table in tables.items():
        write_frame(folder / f"{name}.{part}.parquet", table)


def read_tables(folder: Path) -> dict[str, dict[str, pd.DataFrame]]:
    """Return the tables of every diagnostic in `folder`, by name and table.

    Raises
    ------
    StorageError
        A table is damaged, or of a diagnostic that is not known.
    """
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for path in sorted(folder.glob("*.parquet")):
        name, part, _ = path.name.split(".")
        if name not in DIAGNOSTICS:
            raise StorageError(f"{path} belongs to no diagnostic; delete it and run again")
        found.setdefault(name, {})[part] = read_frame(path)
    return {name: found[name] for name in DIAGNOSTICS if name in found}
