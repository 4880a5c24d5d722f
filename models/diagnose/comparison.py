"""Optimizers, batch sizes and learning rates beside each other, each on the same rows and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from volcast.models.diagnose.hyperparameter_trials import Trials, run_trials
from volcast.models.diagnose.training_problem import TrainingProblem

SEEDS = 8
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")
SMALL_SWEEP = {  # plain descent takes larger steps than those that scale the gradient
    "sgd": (0.003, 0.01, 0.03, 0.1, 0.3),
    "momentum": (0.001, 0.003, 0.01, 0.03, 0.1),
    "nesterov": (0.001, 0.003, 0.01, 0.03, 0.1),
    "rmsprop": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
    "adam": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
    "adamw": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
}
BATCH_SIZES = (1, 8, 16, 32, 64, 128, 256)  # and the full batch
RATES = (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1, 1.0)


def compare_optimizers(problem: TrainingProblem, *, seeds: int = SEEDS) -> Trials:
    """Train with each optimizer at its own best rate of a small sweep.

    The best rate has the lowest validation loss, mean of the seeds; the later rows that judge have
    no part in the choice. Trials are named ``adam, rate 0.001``.
    """
    settings = {
        f"{optimizer}, rate {rate:g}": {"optimizer": optimizer, "learning_rate": rate}
        for optimizer in OPTIMIZERS
        for rate in SMALL_SWEEP[optimizer]
    }
    trials = _run(problem, settings, seeds)
    validation = trials.outcomes.groupby("trial", sort=False)["validation"].mean()
    best = {
        validation[[name for name in settings if settings[name]["optimizer"] == optimizer]].idxmin()
        for optimizer in OPTIMIZERS
    }
    return Trials(
        *(
            pd.DataFrame(table[table["trial"].isin(best)]).reset_index(drop=True)
            for table in (trials.curves, trials.outcomes, trials.together)
        )
    )


def compare_batch_sizes(
    problem: TrainingProblem, sizes: Sequence[int] = BATCH_SIZES, *, seeds: int = SEEDS
) -> Trials:
    """Train at the configured learning rate with each batch size, and with the full batch."""
    rows = len(problem.training)
    known = [size for size in sizes if size < rows]
    settings = {f"batch {size}": {"batch_size": size} for size in known}
    return _run(problem, {**settings, f"full batch, {rows}": {"batch_size": rows}}, seeds)


def compare_learning_rates(
    problem: TrainingProblem, rates: Sequence[float] = RATES, *, seeds: int = SEEDS
) -> Trials:
    """Train at the configured batch size with each learning rate."""
    return _run(problem, {f"rate {rate:g}": {"learning_rate": rate} for rate in rates}, seeds)


def _run(problem: TrainingProblem, settings: Mapping[str, Mapping[str, Any]], seeds: int) -> Trials:
    named = {name: {**changes, "members": seeds} for name, changes in settings.items()}
    return run_trials(problem, named)
