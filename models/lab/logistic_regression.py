"""Logistic regression as a network of one neuron, compared with Newton's method."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.activations import SIGMOID
from volcast.models.backprop.losses import BINARY_CROSS_ENTROPY
from volcast.models.backprop.network import Network, initialise_network
from volcast.models.backprop.optimizers import GradientDescent
from volcast.models.backprop.training import TrainingSettings, train
from volcast.models.lab.decision_regions import (
    build_point_table,
    build_region_table,
    compute_accuracy,
)

ROWS = 120
CENTRES = np.array([[-1.0, -0.5], [1.0, 0.7]])
SETTINGS = TrainingSettings(BINARY_CROSS_ENTROPY, GradientDescent(1.0), epochs=400)
NEWTON_STEPS = 12
VIEW = (-4.0, 4.0)
SEED = 0


def draw_rows() -> tuple[Float, Float]:
    """Return two overlapping clouds: inputs (n, 2) and truth (n, 1), 0 or 1."""
    rng = np.random.default_rng(SEED)
    classes = np.arange(ROWS) % 2
    return CENTRES[classes] + rng.normal(size=(ROWS, 2)), classes[:, None].astype(np.float64)


def build_network() -> Network:
    """Return the untrained neuron."""
    return initialise_network((2, 1), (SIGMOID,), np.random.default_rng(SEED))


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `points`, `regions`, `history` and `weights` (name, by descent, by Newton).

    `summary` has one row: `compute_accuracy, loss, lowest_loss` (Newton's).
    """
    inputs, truth = draw_rows()
    trained = train(build_network(), (inputs, truth), SETTINGS)
    by_descent = np.concatenate([p.ravel() for p in trained.network.parameters])
    by_newton = fit_by_newton(inputs, truth[:, 0])
    lowest = BINARY_CROSS_ENTROPY.value(
        truth, SIGMOID.value(_append_ones(inputs) @ by_newton)[:, None]
    )
    return {
        "points": build_point_table(trained.network, inputs, truth[:, 0]),
        "regions": build_region_table(trained.network, VIEW, VIEW),
        "history": trained.history.assign(lowest=lowest),
        "weights": pd.DataFrame(
            {"name": ["w₁", "w₂", "b"], "descent": by_descent, "newton": by_newton}
        ),
        "summary": pd.DataFrame(
            {
                "accuracy": [compute_accuracy(trained.network, inputs, truth[:, 0])],
                "loss": [trained.history["train_loss"].iloc[-1]],
                "lowest_loss": [lowest],
            }
        ),
    }


def fit_by_newton(inputs: Float, classes: Float) -> Float:
    """Return the weights and the bias that minimise the cross-entropy, by Newton's method."""
    x = _append_ones(inputs)
    weights = np.zeros(x.shape[1])
    for _ in range(NEWTON_STEPS):
        p = SIGMOID.value(x @ weights)
        curvature = (x * (p * (1.0 - p))[:, None]).T @ x
        weights = weights - np.linalg.solve(curvature, x.T @ (p - classes))
    return weights


def _append_ones(inputs: Float) -> Float:
    return np.column_stack([inputs, np.ones(len(inputs))])
