"""Decision regions of a classifier of two inputs, on a grid."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.network import Network
from volcast.models.lab.objective_functions import build_grid

LINES = 61


def build_region_table(
    network: Network, x: tuple[float, float], y: tuple[float, float]
) -> pd.DataFrame:
    """Return rows `x, y, margin_0, ...`: the probability of a class minus the largest other one."""
    points = build_grid(x, y, LINES)
    probabilities = compute_class_probabilities(network, points)
    table = pd.DataFrame({"x": points[:, 0], "y": points[:, 1]})
    for number in range(probabilities.shape[1]):
        others = np.delete(probabilities, number, axis=1).max(axis=1)
        table[f"margin_{number}"] = probabilities[:, number] - others
    return table


def build_point_table(network: Network, inputs: Float, classes: Float) -> pd.DataFrame:
    """Return rows `x, y, class, probability, right`: the probability is that of the true class."""
    probabilities = compute_class_probabilities(network, inputs)
    own = probabilities[np.arange(len(inputs)), classes.astype(int)]
    return pd.DataFrame(
        {
            "x": inputs[:, 0],
            "y": inputs[:, 1],
            "class": classes.astype(int),
            "probability": own,
            "right": probabilities.argmax(axis=1) == classes.astype(int),
        }
    )


def compute_class_probabilities(network: Network, inputs: Float) -> Float:
    """Return the probability of each class; a single output is that of class 1."""
    output = network.predict(inputs)
    return np.hstack([1.0 - output, output]) if output.shape[1] == 1 else output


def compute_accuracy(network: Network, inputs: Float, classes: Float) -> float:
    """Return the share of rows whose most probable class is correct."""
    return float((compute_class_probabilities(network, inputs).argmax(axis=1) == classes).mean())
