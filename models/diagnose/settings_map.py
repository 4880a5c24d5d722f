"""Learning rate against batch size, in the loss of forecasts for rows that came later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from volcast.models.diagnose.hyperparameter_trials import Trials, run_trials
from volcast.models.diagnose.training_problem import TrainingProblem

RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # times the configured rate
BATCH_SIZES = (8, 16, 32, 64, 256, 1024)  # and the full batch
SEEDS = 8


@dataclass(frozen=True)
class SettingsMap:
    """`seeds`: a row a network; `cells`: a row a cell, with what its members' mean is worth.

    `seeds` has `learning_rate, batch_size, seed, best_epoch, epochs, diverged, held_out, ratio`,
    `cells` has `learning_rate, batch_size, ratio_together, ms_per_epoch`; ratios are QLIKE of the
    later rows relative to HAR, `held_out` that of the rows that stopped the training.
    """

    seeds: pd.DataFrame
    cells: pd.DataFrame


def map_settings(
    problem: TrainingProblem,
    *,
    rates: Sequence[float] = (),
    batch_sizes: Sequence[int] = BATCH_SIZES,
    seeds: int = SEEDS,
) -> SettingsMap:
    """Train the configured network at every rate and batch size, `seeds` times each.

    `rates` are 0.03 to 10 times the configured one where none are given. The full batch is added,
    and a batch size of more rows than there are is left out.
    """
    rates = rates or [_rounded(share * problem.regressor.learning_rate) for share in RATES]
    rows = len(problem.training)
    sizes = [*(size for size in sorted(set(batch_sizes)) if size < rows), rows]
    cells = {f"{rate!r} {size}": (rate, size) for size in sizes for rate in rates}
    trials = run_trials(
        problem,
        {
            name: {"learning_rate": rate, "batch_size": size, "members": seeds}
            for name, (rate, size) in cells.items()
        },
    )
    return _as_map(trials, cells)


def _rounded(rate: float) -> float:
    return float(f"{rate:.2g}")


def _as_map(trials: Trials, cells: dict[str, tuple[float, int]]) -> SettingsMap:
    def labelled(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
        labels = pd.DataFrame(
            [cells[name] for name in table["trial"]], columns=["learning_rate", "batch_size"]
        )
        return pd.concat([labels, table[columns].reset_index(drop=True)], axis=1)

    outcome = ["seed", "best_epoch", "epochs", "diverged", "held_out", "ratio"]
    together = trials.together.rename(columns={"ratio": "ratio_together"})
    return SettingsMap(
        labelled(trials.outcomes, outcome), labelled(together, ["ratio_together", "ms_per_epoch"])
    )
