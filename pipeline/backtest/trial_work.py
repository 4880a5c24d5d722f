"""Trials of settings as units of work, for the diagnostics that compare settings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from volcast.models.diagnose.hyperparameter_trials import (
    Compute,
    Settings,
    TrialTables,
    run_trial,
)
from volcast.models.diagnose.training_problem import TrainingProblem
from volcast.pipeline.backtest.development_split import build_development_problem
from volcast.pipeline.cluster.work import Executor, Work, compute_in_order
from volcast.pipeline.config.settings import Config
from volcast.pipeline.panel.panel_table import read_panel
from volcast.pipeline.progress import Progress


def build_compute(
    executor: Executor | None,
    problem: TrainingProblem,
    file: Path,
    config: Config,
    progress: Progress,
) -> Compute | None:
    """Return how the trials of a diagnostic are computed by an executor; None without one.

    Parameters
    ----------
    executor
        Trains each trial with all its networks.
    problem
        The development problem of the panel.
    file
        The panel, which other processes read.
    config
        The settings of the run.
    progress
        Reports each trial that is begun.
    """
    if executor is None:
        return None
    work = Work(_compute_trial, partial(_load_problem, config=config), file, problem)

    def compute(trials: Sequence[tuple[str, Settings]]) -> list[TrialTables]:
        def show_start(number: int) -> None:
            progress.note(f"{trials[number][0]} ({number + 1} of {len(trials)})")

        return compute_in_order(executor, work, trials, progress, show_start)

    return compute


def _load_problem(file: Path, config: Config) -> TrainingProblem:
    return build_development_problem(read_panel(file), config)


def _compute_trial(
    problem: TrainingProblem, trial: tuple[str, Settings], progress: Progress
) -> TrialTables:
    return run_trial(problem, *trial)
