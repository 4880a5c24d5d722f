"""Optimizers, batch sizes and learning rates compared on the same rows and seeds.

`compute` is that of `run_trials`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from volcast.models.diagnose.hyperparameter_trials import Compute, Trials, run_trials
from volcast.models.diagnose.training_problem import TrainingProblem
from volcast.models.training_options import OPTIMIZERS

SEEDS = 8
ADAPTIVE_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
# The learning rates to try by optimizer, in the order of the tables. Those that do not rescale the
# gradient need larger ones; an optimizer that is not listed is tried at the adaptive rates, too.
RATES_TO_TRY: Mapping[str, tuple[float, ...]] = {
    "sgd": (0.003, 0.01, 0.03, 0.1, 0.3),
    "momentum": (0.001, 0.003, 0.01, 0.03, 0.1),
    "nesterov": (0.001, 0.003, 0.01, 0.03, 0.1),
    "rmsprop": ADAPTIVE_RATES,
}
BATCH_SIZES = (1, 8, 16, 32, 64, 128, 256)  # and the full batch
RATES = (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1, 1.0)


def list_optimizer_rates() -> dict[str, tuple[float, ...]]:
    """Return the learning rates to try of every optimizer.

    Examples
    --------
    >>> list(list_optimizer_rates())
    ['sgd', 'momentum', 'nesterov', 'rmsprop', 'adam', 'adamw']
    """
    others = [name for name in OPTIMIZERS if name not in RATES_TO_TRY]
    return {**RATES_TO_TRY, **dict.fromkeys(others, ADAPTIVE_RATES)}


def compare_optimizers(
    problem: TrainingProblem, *, seeds: int = SEEDS, compute: Compute | None = None
) -> Trials:
    """Train with each optimizer at the best of several learning rates.

    The best rate has the lowest validation loss, averaged over the seeds; the test rows play no
    part in the choice. Trials are named ``adam, rate 0.001``.
    """
    optimizers = list_optimizer_rates()
    settings = {
        f"{optimizer}, rate {rate:g}": {"optimizer": optimizer, "learning_rate": rate}
        for optimizer, rates in optimizers.items()
        for rate in rates
    }
    trials = _run(problem, settings, seeds, compute)
    validation = trials.outcomes.groupby("trial", sort=False)["validation"].mean()
    best = {
        validation[[name for name in settings if settings[name]["optimizer"] == optimizer]].idxmin()
        for optimizer in optimizers
    }
    return Trials(
        *(
            pd.DataFrame(table[table["trial"].isin(best)]).reset_index(drop=True)
            for table in (trials.curves, trials.outcomes, trials.together)
        )
    )


def compare_batch_sizes(
    problem: TrainingProblem,
    sizes: Sequence[int] = BATCH_SIZES,
    *,
    seeds: int = SEEDS,
    compute: Compute | None = None,
) -> Trials:
    """Train with each batch size below the number of rows, and with the full batch."""
    rows = len(problem.training)
    settings = {f"batch {size}": {"batch_size": size} for size in sizes if size < rows}
    settings[f"full batch, {rows}"] = {"batch_size": rows}
    return _run(problem, settings, seeds, compute)


def compare_learning_rates(
    problem: TrainingProblem,
    rates: Sequence[float] = RATES,
    *,
    seeds: int = SEEDS,
    compute: Compute | None = None,
) -> Trials:
    """Train with each learning rate."""
    settings = {f"rate {rate:g}": {"learning_rate": rate} for rate in rates}
    return _run(problem, settings, seeds, compute)


def _run(
    problem: TrainingProblem,
    settings: Mapping[str, Mapping[str, Any]],
    seeds: int,
    compute: Compute | None,
) -> Trials:
    trials = {name: {**changes, "members": seeds} for name, changes in settings.items()}
    return run_trials(problem, trials, compute)
