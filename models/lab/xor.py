"""XOR by a 2-4-1 network: the classes are not linearly separable."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop.activations import SIGMOID, TANH
from volcast.models.backprop.losses import BINARY_CROSS_ENTROPY
from volcast.models.backprop.network import Network, initialise_network
from volcast.models.backprop.optimizers import Adam
from volcast.models.backprop.training import TrainingResult, TrainingSettings, train
from volcast.models.lab.decision_regions import (
    build_point_table,
    build_region_table,
    compute_accuracy,
)

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TRUTH = np.array([[0.0], [1.0], [1.0], [0.0]])
HIDDEN = 4
SEEDS = 10
SETTINGS = TrainingSettings(BINARY_CROSS_ENTROPY, Adam(0.05), epochs=300)
VIEW = (-0.5, 1.5)


def build_network(seed: int = 0, hidden: int = HIDDEN) -> Network:
    """Return the untrained network; without hidden units it is a logistic regression."""
    rng = np.random.default_rng(seed)
    if not hidden:
        return initialise_network((2, 1), (SIGMOID,), rng)
    return initialise_network((2, hidden, 1), (TANH, SIGMOID), rng)


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `points`, `regions`, `history` and `seeds` of the network and of a single neuron.

    `points` and `regions` are of the first seed; `history` has rows `units, epoch, train_loss`;
    `seeds` rows `units, seed, right, solved_at`, the first epoch with all four correct.
    """
    trained = {
        (units, seed): _train(units, seed) for units in (HIDDEN, 0) for seed in _list_seeds()
    }
    first = trained[HIDDEN, 0].network
    return {
        "points": build_point_table(first, INPUTS, TRUTH[:, 0]),
        "regions": build_region_table(first, VIEW, VIEW),
        "history": pd.concat(
            trained[units, 0].history.assign(units=units) for units in (HIDDEN, 0)
        ),
        "seeds": pd.DataFrame(
            {"units": units, "seed": seed, **_measure_solution(each)}
            for (units, seed), each in trained.items()
        ),
    }


def _list_seeds() -> range:
    return range(SEEDS)


def _train(units: int, seed: int) -> TrainingResult:
    return train(build_network(seed, units), (INPUTS, TRUTH), SETTINGS)


def _measure_solution(trained: TrainingResult) -> dict[str, object]:
    shares = [compute_accuracy(each, INPUTS, TRUTH[:, 0]) for each in trained.networks]
    first = next((epoch for epoch, share in enumerate(shares) if share == 1.0), None)
    return {"right": round(shares[-1] * len(INPUTS)), "solved_at": first}
