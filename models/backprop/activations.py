"""Activation functions of a weighted sum z, and the chain rule through them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from volcast.models.backprop._typing import Float

LOWEST = -700.0  # exp(700) is still finite


@dataclass(frozen=True)
class Activation:
    """``a = value(z)``, and the chain rule through it.

    `backward` maps dJ/da and a to dJ/dz, all (n, units); the slope of each activation here is a
    function of `a` alone.

    Examples
    --------
    >>> SIGMOID.value(np.array([0.0])).item()
    0.5
    >>> SIGMOID.backward(np.array([1.0]), np.array([0.5])).item()
    0.25
    """

    name: str
    value: Callable[[Float], Float]
    backward: Callable[[Float, Float], Float]


def _sigmoid(z: Float) -> Float:
    return np.asarray(1.0 / (1.0 + np.exp(-np.maximum(z, LOWEST))))


def _softmax(z: Float) -> Float:
    """Return ``exp(z) / sum exp(z)`` by row; subtracting the maximum avoids overflow."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _softmax_backward(gradient: Float, a: Float) -> Float:
    """Apply ``da_i/dz_j = a_i (1[i = j] - a_j)``: each output depends on each sum."""
    return np.asarray(a * (gradient - (gradient * a).sum(axis=-1, keepdims=True)))


IDENTITY = Activation("identity", lambda z: z, lambda gradient, a: gradient)
SIGMOID = Activation("sigmoid", _sigmoid, lambda gradient, a: gradient * a * (1.0 - a))
TANH = Activation("tanh", np.tanh, lambda gradient, a: gradient * (1.0 - a**2))
RELU = Activation("relu", lambda z: np.maximum(z, 0.0), lambda gradient, a: gradient * (a > 0.0))
SOFTMAX = Activation("softmax", _softmax, _softmax_backward)

ACTIVATIONS = {each.name: each for each in (IDENTITY, SIGMOID, TANH, RELU, SOFTMAX)}
