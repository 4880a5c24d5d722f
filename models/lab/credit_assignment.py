"""Credit assignment: how much of the loss's gradient falls to each weight of a small network."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop.activations import SIGMOID
from volcast.models.backprop.losses import MSE
from volcast.models.backprop.network import Network, initialise_network

INPUTS = np.array([[1.0, 2.0]])
TRUTH = np.array([[1.0]])
SIZES = (2, 3, 1)
RATE = 0.1  # small enough for the straight line to hold
SEED = 3


def network() -> Network:
    """Return the 2-3-1 sigmoid network, weights drawn at random."""
    return initialise_network(SIZES, (SIGMOID, SIGMOID), np.random.default_rng(SEED))


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `neurons` (layer, place, name, activation, delta) and `weights`, a row a connection.

    Of each weight: `layer, source, target` (places), `name, weight, gradient`; `share`, its part of
    the sum of absolute gradients; `foretold`, the fall of the loss by the straight line when it
    alone takes a step, rate * gradient²; and `fall`, what the loss then really falls by.
    """
    start = network()
    kept = start.forward(INPUTS)
    found = start.backward(kept, MSE.gradient(TRUTH, kept.a[-1]))
    loss = MSE.value(TRUTH, kept.a[-1])
    records = []
    for layer in range(len(start.layers)):
        weights, gradients = start.layers[layer].weights, found.parameters[2 * layer]
        for source, target in np.ndindex(weights.shape):
            gradient = float(gradients[source, target])
            records.append(
                {
                    "layer": layer,
                    "source": source,
                    "target": target,
                    "name": f"{_name(layer, source)} → {_name(layer + 1, target)}",
                    "weight": float(weights[source, target]),
                    "gradient": gradient,
                    "foretold": RATE * gradient**2,
                    "fall": loss - _loss_after(start, layer, (source, target), gradient),
                }
            )
    table = pd.DataFrame(records)
    table["share"] = table["gradient"].abs() / table["gradient"].abs().sum()
    return {"neurons": _neurons(kept.a, found.delta), "weights": table}


def _loss_after(start: Network, layer: int, place: tuple[int, ...], gradient: float) -> float:
    """Return the loss after a step of one weight alone."""
    parameters = [parameter.copy() for parameter in start.parameters]
    parameters[2 * layer][place] -= RATE * gradient
    return MSE.value(TRUTH, start.with_parameters(parameters).predict(INPUTS))


def _neurons(a: list[np.ndarray], delta: list[np.ndarray]) -> pd.DataFrame:
    """Return a row a neuron; an input has no delta."""
    return pd.DataFrame(
        {
            "layer": layer,
            "place": place,
            "name": _name(layer, place),
            "activation": float(value),
            "delta": float(delta[layer - 1][0, place]) if layer else np.nan,
        }
        for layer, values in enumerate(a)
        for place, value in enumerate(values[0])
    )


def _name(layer: int, place: int) -> str:
    subscript = "₁₂₃₄₅₆₇₈₉"[place]
    return "ŷ" if layer == len(SIZES) - 1 else f"{'xh'[layer]}{subscript}"
