"""XOR by a 2-4-1 network: what no straight line can part."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop.activations import SIGMOID, TANH
from volcast.models.backprop.losses import BINARY_CROSS_ENTROPY
from volcast.models.backprop.network import Network, initialise_network
from volcast.models.backprop.optimizers import Adam
from volcast.models.backprop.training import TrainingResult, TrainingSettings, train
from volcast.models.lab.decision_regions import accuracy, point_table, region_table

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TRUTH = np.array([[0.0], [1.0], [1.0], [0.0]])
HIDDEN = 4
SEEDS = 10
SETTINGS = TrainingSettings(BINARY_CROSS_ENTROPY, Adam(0.05), epochs=300)
VIEW = (-0.5, 1.5)


def network(seed: int = 0, hidden: int = HIDDEN) -> Network:
    """Return the untrained network; without hidden units it is logistic regression."""
    rng = np.random.default_rng(seed)
    if not hidden:
        return initialise_network((2, 1), (SIGMOID,), rng)
    return initialise_network((2, hidden, 1), (TANH, SIGMOID), rng)


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `points`, `regions`, `history` and `seeds` of the network and of a single neuron.

    `points` and `regions` are of the first seed; `history` has rows `units, epoch, train_loss`;
    `seeds` rows `units, seed, right, solved_at`, the first epoch with all four right.
    """
    trained = {(units, seed): _trained(units, seed) for units in (HIDDEN, 0) for seed in _seeds()}
    first = trained[HIDDEN, 0].network
    return {
        "points": point_table(first, INPUTS, TRUTH[:, 0]),
        "regions": region_table(first, VIEW, VIEW),
        "history": pd.concat(
            trained[units, 0].history.assign(units=units) for units in (HIDDEN, 0)
        ),
        "seeds": pd.DataFrame(
            {"units": units, "seed": seed, **_solved(each)}
            for (units, seed), each in trained.items()
        ),
    }


def _seeds() -> range:
    return range(SEEDS)


def _trained(units: int, seed: int) -> TrainingResult:
    return train(network(seed, units), (INPUTS, TRUTH), SETTINGS)


def _solved(trained: TrainingResult) -> dict[str, object]:
    shares = [accuracy(each, INPUTS, TRUTH[:, 0]) for each in trained.networks]
    first = next((epoch for epoch, share in enumerate(shares) if share == 1.0), None)
    return {"right": round(shares[-1] * len(INPUTS)), "solved_at": first}
