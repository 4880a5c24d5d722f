"""Decision regions: how far a classifier of two inputs is from changing its mind, on a grid."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.network import Network
from volcast.models.lab.objective_functions import grid

LINES = 61


def region_table(network: Network, x: tuple[float, float], y: tuple[float, float]) -> pd.DataFrame:
    """Return rows `x, y, margin_0, margin_1, ...`: a class's lead over the best of the others."""
    points = grid(x, y, LINES)
    shares = class_probabilities(network, points)
    table = pd.DataFrame({"x": points[:, 0], "y": points[:, 1]})
    for number in range(shares.shape[1]):
        others = np.delete(shares, number, axis=1).max(axis=1)
        table[f"margin_{number}"] = shares[:, number] - others
    return table


def point_table(network: Network, inputs: Float, classes: Float) -> pd.DataFrame:
    """Return the rows `x, y, class, probability` (of its own class) and whether each is `right`."""
    shares = class_probabilities(network, inputs)
    own = shares[np.arange(len(inputs)), classes.astype(int)]
    return pd.DataFrame(
        {
            "x": inputs[:, 0],
            "y": inputs[:, 1],
            "class": classes.astype(int),
            "probability": own,
            "right": shares.argmax(axis=1) == classes.astype(int),
        }
    )


def class_probabilities(network: Network, inputs: Float) -> Float:
    """Return the probability of each class; a single output is that of class 1."""
    output = network.predict(inputs)
    return np.hstack([1.0 - output, output]) if output.shape[1] == 1 else output


def accuracy(network: Network, inputs: Float, classes: Float) -> float:
    """Return the share of rows whose most probable class is the right one."""
    return float((class_probabilities(network, inputs).argmax(axis=1) == classes).mean())
