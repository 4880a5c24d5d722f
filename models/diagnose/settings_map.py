"""The map of learning rate and batch size: the loss on later rows of every combination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from volcast.models.diagnose.hyperparameter_trials import Compute, Trials, run_trials
from volcast.models.diagnose.training_problem import TrainingProblem

RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # times the configured rate
BATCH_SIZES = (8, 16, 32, 64, 256, 1024)  # and the full batch
SEEDS = 8


@dataclass(frozen=True)
class SettingsMap:
    """The results of every combination of learning rate and batch size.

    Attributes
    ----------
    seeds
        A row per network: `learning_rate, batch_size, seed, best_epoch, epochs, diverged, held_out,
        ratio`. `ratio` is the QLIKE of the test rows relative to HAR's, `held_out` that of the
        validation rows.
    cells
        A row per combination: `learning_rate, batch_size, ratio_together, ms_per_epoch`, where
        `ratio_together` is the ratio of the mean of its members.
    """

    seeds: pd.DataFrame
    cells: pd.DataFrame


def map_settings(
    problem: TrainingProblem,
    *,
    rates: Sequence[float] = (),
    batch_sizes: Sequence[int] = BATCH_SIZES,
    seeds: int = SEEDS,
    compute: Compute | None = None,
) -> SettingsMap:
    """Train the configured network at every rate and batch size, `seeds` times each.

    By default `rates` are 0.03 to 10 times the configured one. The full batch is added, and batch
    sizes above the number of rows are left out. `compute` is that of `run_trials`.
    """
    rates = rates or [
        _round_to_two_digits(share * problem.regressor.learning_rate) for share in RATES
    ]
    rows = len(problem.training)
    sizes = [*(size for size in sorted(set(batch_sizes)) if size < rows), rows]
    cells = {f"{rate!r} {size}": (rate, size) for size in sizes for rate in rates}
    trials = run_trials(
        problem,
        {
            name: {"learning_rate": rate, "batch_size": size, "members": seeds}
            for name, (rate, size) in cells.items()
        },
        compute,
    )
    return _build_map(trials, cells)


def _round_to_two_digits(rate: float) -> float:
    return float(f"{rate:.2g}")


def _build_map(trials: Trials, cells: dict[str, tuple[float, int]]) -> SettingsMap:
    def label(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
        labels = pd.DataFrame(
            [cells[name] for name in table["trial"]], columns=["learning_rate", "batch_size"]
        )
        return pd.concat([labels, table[columns].reset_index(drop=True)], axis=1)

    outcome = ["seed", "best_epoch", "epochs", "diverged", "held_out", "ratio"]
    together = trials.together.rename(columns={"ratio": "ratio_together"})
    return SettingsMap(
        label(trials.outcomes, outcome), label(together, ["ratio_together", "ms_per_epoch"])
    )
