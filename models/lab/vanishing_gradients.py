"""Vanishing gradients: what is left of a gradient after so many layers, foretold and measured."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop.activations import ACTIVATIONS
from volcast.models.backprop.network import Network, initialise_network

LARGEST_SLOPE = 0.25  # of the sigmoid, at z = 0
DEPTHS = range(1, 21)
NAMES = ("sigmoid", "tanh", "relu")
UNITS, ROWS, DRAWS = 32, 16, 10


def stack(name: str, depth: int, rng: np.random.Generator) -> Network:
    """Return `depth` layers of one activation, freshly drawn."""
    return initialise_network((UNITS,) * (depth + 1), (ACTIVATIONS[name],) * depth, rng)


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `gradients` and, of the deepest stacks, `layers`.

    `gradients` has rows `activation, depth, left, low, high`: the norm of dJ/d(inputs) as a share
    of that of dJ/d(output), median and range over ten draws of the weights; `bound` is 0.25^depth.
    """
    records = []
    for name in NAMES:
        for depth in DEPTHS:
            shares = [_share_left(name, depth, draw) for draw in range(DRAWS)]
            records.append(
                {
                    "activation": name,
                    "depth": depth,
                    "left": float(np.median(shares)),
                    "low": min(shares),
                    "high": max(shares),
                    "bound": LARGEST_SLOPE**depth,
                }
            )
    return {"gradients": pd.DataFrame(records)}


def _share_left(name: str, depth: int, draw: int) -> float:
    """Return the share of a random gradient's norm that reaches the inputs of a stack."""
    rng = np.random.default_rng([draw, depth])
    network = stack(name, depth, rng)
    inputs, gradient = rng.normal(size=(2, ROWS, UNITS))
    found = network.backward(network.forward(inputs), gradient)
    return float(np.linalg.norm(found.inputs) / np.linalg.norm(gradient))
