"""Activations: what a neuron makes of its weighted sum z, and how a gradient returns through it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from volcast.models.backprop._typing import Float

LOWEST = -700.0  # exp(700) is still a finite number


@dataclass(frozen=True)
class Activation:
    """``a = value(z)``, and the chain rule through it.

    `backward` makes dJ/dz of dJ/da and a, all of shape (n, units): each slope here can be told
    from `a` alone.
    """

    name: str
    value: Callable[[Float], Float]
    backward: Callable[[Float, Float], Float]


def _sigmoid(z: Float) -> Float:
    return np.asarray(1.0 / (1.0 + np.exp(-np.maximum(z, LOWEST))))


def _softmax(z: Float) -> Float:
    """Return ``exp(z) / sum exp(z)`` by row; taking the maximum off first changes nothing."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _through_softmax(gradient: Float, a: Float) -> Float:
    """Each output depends on each sum: ``da_i/dz_j = a_i (1[i = j] - a_j)``."""
    return np.asarray(a * (gradient - (gradient * a).sum(axis=-1, keepdims=True)))


IDENTITY = Activation("identity", lambda z: z, lambda gradient, a: gradient)
SIGMOID = Activation("sigmoid", _sigmoid, lambda gradient, a: gradient * a * (1.0 - a))
TANH = Activation("tanh", np.tanh, lambda gradient, a: gradient * (1.0 - a**2))
RELU = Activation("relu", lambda z: np.maximum(z, 0.0), lambda gradient, a: gradient * (a > 0.0))
SOFTMAX = Activation("softmax", _softmax, _through_softmax)

ACTIVATIONS = {each.name: each for each in (IDENTITY, SIGMOID, TANH, RELU, SOFTMAX)}
