"""Credit assignment: the share of each weight of a small network in the gradient of the loss."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop.activations import SIGMOID
from volcast.models.backprop.losses import MSE
from volcast.models.backprop.network import Network, initialise_network

INPUTS = np.array([[1.0, 2.0]])
TRUTH = np.array([[1.0]])
SIZES = (2, 3, 1)
RATE = 0.1  # small enough for the linear approximation to hold
SEED = 3


def build_network() -> Network:
    """Return the 2-3-1 sigmoid network with random weights."""
    return initialise_network(SIZES, (SIGMOID, SIGMOID), np.random.default_rng(SEED))


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `neurons` (layer, place, name, activation, delta) and `weights`, a row per connection.

    Each weight has `layer, source, target` (positions), `name, weight, gradient`; `share` is its
    part of the sum of absolute gradients; `foretold` is the decrease of the loss that the linear
    approximation predicts if this weight alone takes a step, rate * gradient²; `fall` is the actual
    decrease.
    """
    start = build_network()
    forward = start.forward(INPUTS)
    backward = start.backward(forward, MSE.gradient(TRUTH, forward.a[-1]))
    loss = MSE.value(TRUTH, forward.a[-1])
    records = []
    for layer in range(len(start.layers)):
        weights, gradients = start.layers[layer].weights, backward.parameters[2 * layer]
        for source, target in np.ndindex(weights.shape):
            gradient = float(gradients[source, target])
            records.append(
                {
                    "layer": layer,
                    "source": source,
                    "target": target,
                    "name": f"{_format_name(layer, source)} → {_format_name(layer + 1, target)}",
                    "weight": float(weights[source, target]),
                    "gradient": gradient,
                    "foretold": RATE * gradient**2,
                    "fall": loss - _compute_loss_after(start, layer, (source, target), gradient),
                }
            )
    table = pd.DataFrame(records)
    table["share"] = table["gradient"].abs() / table["gradient"].abs().sum()
    return {"neurons": _build_neurons(forward.a, backward.delta), "weights": table}


def _compute_loss_after(
    start: Network, layer: int, place: tuple[int, ...], gradient: float
) -> float:
    """Return the loss after a step of a single weight."""
    parameters = [parameter.copy() for parameter in start.parameters]
    parameters[2 * layer][place] -= RATE * gradient
    return MSE.value(TRUTH, start.with_parameters(parameters).predict(INPUTS))


def _build_neurons(a: list[np.ndarray], delta: list[np.ndarray]) -> pd.DataFrame:
    """Return a row per neuron; an input has no delta."""
    return pd.DataFrame(
        {
            "layer": layer,
            "place": place,
            "name": _format_name(layer, place),
            "activation": float(value),
            "delta": float(delta[layer - 1][0, place]) if layer else np.nan,
        }
        for layer, values in enumerate(a)
        for place, value in enumerate(values[0])
    )


def _format_name(layer: int, place: int) -> str:
    subscript = "₁₂₃₄₅₆₇₈₉"[place]
    return "ŷ" if layer == len(SIZES) - 1 else f"{'xh'[layer]}{subscript}"
