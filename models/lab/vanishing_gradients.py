"""Vanishing gradients: the share of a gradient that passes through many layers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop.activations import ACTIVATIONS
from volcast.models.backprop.network import Network, initialise_network

LARGEST_SLOPE = 0.25  # of the sigmoid, at z = 0
DEPTHS = range(1, 21)
NAMES = ("sigmoid", "tanh", "relu")
UNITS, ROWS, DRAWS = 32, 16, 10


def build_stack(name: str, depth: int, rng: np.random.Generator) -> Network:
    """Return `depth` layers of one activation with random weights."""
    return initialise_network((UNITS,) * (depth + 1), (ACTIVATIONS[name],) * depth, rng)


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `gradients`: `activation, depth, left, low, high, bound`.

    `left` is the norm of dJ/d(inputs) as a share of that of dJ/d(output), the median over ten draws
    of the weights; `low` and `high` are its range; `bound` is 0.25^depth.
    """
    records = []
    for name in NAMES:
        for depth in DEPTHS:
            shares = [_compute_share_left(name, depth, draw) for draw in range(DRAWS)]
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


def _compute_share_left(name: str, depth: int, draw: int) -> float:
    """Return the share of a random gradient's norm that reaches the inputs of a stack."""
    rng = np.random.default_rng([draw, depth])
    network = build_stack(name, depth, rng)
    inputs, gradient = rng.normal(size=(2, ROWS, UNITS))
    backward = network.backward(network.forward(inputs), gradient)
    return float(np.linalg.norm(backward.inputs) / np.linalg.norm(gradient))
