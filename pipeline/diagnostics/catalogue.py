"""The training diagnostics by name, declared once; importing this file is instant.

A diagnostic measures tables on a development problem (`volcast.models.diagnose`) and presents them
as a section of a page (`volcast.reports.diagnosis`). To add one, add an entry to `DIAGNOSTICS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from volcast.models.diagnose.hyperparameter_trials import Compute
    from volcast.models.diagnose.training_problem import TrainingProblem
    from volcast.reports.section import Section

    Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Diagnostic:
    """One diagnostic: where its measurement and its section are, and what it is about.

    Parameters
    ----------
    about
        What is measured, for the progress display.
    measurement
        ``module:function`` in `volcast.models.diagnose`; takes a problem, returns tables.
    section
        ``module:function`` in `volcast.reports.diagnosis`; takes the tables, the configured values
        and returns a section.
    configured
        Returns the keyword arguments of `section` that depend on the configured settings.
    of_trials
        Whether `measurement` takes `compute`, so that other processes can train its trials.
    """

    about: str
    measurement: str
    section: str
    configured: Callable[[TrainingProblem], Mapping[str, Any]] = lambda _: {}
    of_trials: bool = False

    def measure(
        self, problem: TrainingProblem, compute: Compute | None = None
    ) -> dict[str, pd.DataFrame]:
        """Return the tables of the diagnostic, by name; `compute` trains its trials, if any."""
        options = {"compute": compute} if self.of_trials else {}
        tables = _import(self.measurement)(problem, **options)
        return dict(tables if isinstance(tables, Mapping) else vars(tables))

    def build_section(self, tables: Tables, problem: TrainingProblem) -> Section:
        """Return the section that presents the tables."""
        section: Section = _import(self.section)(dict(tables), **self.configured(problem))
        return section


def _import(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


_MODELS, _REPORTS = "volcast.models.diagnose", "volcast.reports.diagnosis"

DIAGNOSTICS: dict[str, Diagnostic] = {
    "rates": Diagnostic(
        "the learning-rate finder",
        f"{_MODELS}.rate_finder:find_rate",
        f"{_REPORTS}.rates:build_rates_section",
        lambda problem: {"configured": problem.learning_rate},
    ),
    "map": Diagnostic(
        "learning rate and batch size",
        f"{_MODELS}.settings_map:map_settings",
        f"{_REPORTS}.settings_map:build_map_section",
        lambda problem: {"configured": (problem.learning_rate, problem.batch_size)},
        of_trials=True,
    ),
    "optimizers": Diagnostic(
        "six optimizers",
        f"{_MODELS}.comparison:compare_optimizers",
        f"{_REPORTS}.comparison:build_optimizers_section",
        lambda problem: {"configured": f"{problem.optimizer},"},
        of_trials=True,
    ),
    "batch-sizes": Diagnostic(
        "batch sizes",
        f"{_MODELS}.comparison:compare_batch_sizes",
        f"{_REPORTS}.comparison:build_batch_sizes_section",
        lambda problem: {"configured": f"batch {problem.batch_size}"},
        of_trials=True,
    ),
    "learning-rates": Diagnostic(
        "learning rates",
        f"{_MODELS}.comparison:compare_learning_rates",
        f"{_REPORTS}.comparison:build_learning_rates_section",
        lambda problem: {"configured": f"rate {problem.learning_rate:g}"},
        of_trials=True,
    ),
    "gradients": Diagnostic(
        "gradients",
        f"{_MODELS}.gradient_flow:measure_gradient_flow",
        f"{_REPORTS}.gradients:build_gradient_flow_section",
    ),
    "gradient-check": Diagnostic(
        "the gradient check",
        f"{_MODELS}.gradient_check:check_gradients",
        f"{_REPORTS}.gradient_check:build_gradient_check_section",
    ),
    "landscape": Diagnostic(
        "the loss landscape",
        f"{_MODELS}.landscape:measure_landscape",
        f"{_REPORTS}.landscape:build_landscape_section",
    ),
}
