"""Classification of three classes by softmax, on a spiral with three arms, with early stopping."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.activations import SOFTMAX, TANH
from volcast.models.backprop.losses import CATEGORICAL_CROSS_ENTROPY
from volcast.models.backprop.network import Network, initialise_network
from volcast.models.backprop.optimizers import Adam
from volcast.models.backprop.training import TrainingSettings, train
from volcast.models.lab.decision_regions import (
    build_point_table,
    build_region_table,
    compute_accuracy,
)

ARMS, ROWS_AN_ARM, HIDDEN = 3, 120, 24
TURNS, NOISE = 0.6, 0.3  # of a whole turn; radians
VALIDATION_SHARE = 0.3
SETTINGS = TrainingSettings(
    CATEGORICAL_CROSS_ENTROPY, Adam(0.02), epochs=200, batch_size=32, patience=20
)
VIEW = (-1.15, 1.15)
SEED = 1


def draw_rows() -> tuple[tuple[Float, Float], tuple[Float, Float]]:
    """Return training and validation rows: inputs (n, 2), and the one-hot class (n, 3)."""
    rng = np.random.default_rng(SEED)
    classes = np.repeat(np.arange(ARMS), ROWS_AN_ARM)
    radius = rng.uniform(0.1, 1.0, len(classes))
    angle = 2.0 * np.pi * (classes / ARMS + TURNS * radius) + rng.normal(0, NOISE, len(classes))
    inputs = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    order = rng.permutation(len(classes))
    held_out, training = np.split(order, [int(VALIDATION_SHARE * len(order))])
    truth = np.eye(ARMS)[classes]
    return (inputs[training], truth[training]), (inputs[held_out], truth[held_out])


def build_network() -> Network:
    """Return the untrained network."""
    return initialise_network((2, HIDDEN, ARMS), (TANH, SOFTMAX), np.random.default_rng(SEED))


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `points` (validation), `regions`, `history` with accuracies, and a `summary`.

    `history` has rows `epoch, train_loss, val_loss, train_accuracy, val_accuracy`; `summary` one
    row: `best_epoch, epochs, train_accuracy, val_accuracy` of the restored weights.
    """
    training, validation = draw_rows()
    trained = train(build_network(), training, SETTINGS, validation=validation)
    history = trained.history.assign(
        train_accuracy=[_compute_accuracy(each, training) for each in trained.networks],
        val_accuracy=[_compute_accuracy(each, validation) for each in trained.networks],
    )
    restored = {
        "best_epoch": trained.best_epoch,
        "epochs": len(history) - 1,
        "train_accuracy": _compute_accuracy(trained.network, training),
        "val_accuracy": _compute_accuracy(trained.network, validation),
    }
    return {
        "points": build_point_table(trained.network, validation[0], validation[1].argmax(axis=1)),
        "regions": build_region_table(trained.network, VIEW, VIEW),
        "history": history,
        "summary": pd.DataFrame([restored]),
    }


def _compute_accuracy(each: Network, rows: tuple[Float, Float]) -> float:
    return compute_accuracy(each, rows[0], rows[1].argmax(axis=1))
