"""Logistic regression as the network of one neuron, beside Newton's method."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.activations import SIGMOID
from volcast.models.backprop.losses import BINARY_CROSS_ENTROPY
from volcast.models.backprop.network import Network, initialise_network
from volcast.models.backprop.optimizers import GradientDescent
from volcast.models.backprop.training import TrainingSettings, train
from volcast.models.lab.decision_regions import accuracy, point_table, region_table

ROWS = 120
CENTRES = np.array([[-1.0, -0.5], [1.0, 0.7]])
SETTINGS = TrainingSettings(BINARY_CROSS_ENTROPY, GradientDescent(1.0), epochs=400)
NEWTON_STEPS = 12
VIEW = (-4.0, 4.0)
SEED = 0


def rows() -> tuple[Float, Float]:
    """Return two clouds that overlap: inputs (n, 2) and truth (n, 1), 0 or 1."""
    rng = np.random.default_rng(SEED)
    classes = np.arange(ROWS) % 2
    return CENTRES[classes] + rng.normal(size=(ROWS, 2)), classes[:, None].astype(np.float64)


def network() -> Network:
    """Return the untrained neuron."""
    return initialise_network((2, 1), (SIGMOID,), np.random.default_rng(SEED))


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `points`, `regions`, `history` and `weights` (name, by descent, by Newton).

    `summary` has one row: `accuracy, loss, lowest_loss` (Newton's).
    """
    inputs, truth = rows()
    trained = train(network(), (inputs, truth), SETTINGS)
    mine = np.concatenate([p.ravel() for p in trained.network.parameters])
    best = newton(inputs, truth[:, 0])
    lowest = BINARY_CROSS_ENTROPY.value(truth, SIGMOID.value(_with_ones(inputs) @ best)[:, None])
    return {
        "points": point_table(trained.network, inputs, truth[:, 0]),
        "regions": region_table(trained.network, VIEW, VIEW),
        "history": trained.history.assign(lowest=lowest),
        "weights": pd.DataFrame({"name": ["w₁", "w₂", "b"], "descent": mine, "newton": best}),
        "summary": pd.DataFrame(
            {
                "accuracy": [accuracy(trained.network, inputs, truth[:, 0])],
                "loss": [trained.history["train_loss"].iloc[-1]],
                "lowest_loss": [lowest],
            }
        ),
    }


def newton(inputs: Float, classes: Float) -> Float:
    """Return the weights and the bias of least cross-entropy, by Newton's method."""
    x = _with_ones(inputs)
    weights = np.zeros(x.shape[1])
    for _ in range(NEWTON_STEPS):
        p = SIGMOID.value(x @ weights)
        curvature = (x * (p * (1.0 - p))[:, None]).T @ x
        weights = weights - np.linalg.solve(curvature, x.T @ (p - classes))
    return weights


def _with_ones(inputs: Float) -> Float:
    return np.column_stack([inputs, np.ones(len(inputs))])
