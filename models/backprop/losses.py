"""Losses of a forecast, and their gradients with respect to the forecast."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from volcast.models.backprop._typing import Float

TINY = np.finfo(np.float64).tiny  # keeps the logarithm of a probability finite
ALMOST_ONE = 1.0 - np.finfo(np.float64).eps


@dataclass(frozen=True)
class Loss:
    """A mean over rows; `value` and `gradient` (dJ/da) take truth and forecast, (n, outputs).

    Examples
    --------
    >>> truth, forecast = np.array([[1.0]]), np.array([[3.0]])
    >>> MSE.value(truth, forecast), MSE.gradient(truth, forecast).item()
    (4.0, 4.0)
    """

    name: str
    value: Callable[[Float, Float], float]
    gradient: Callable[[Float, Float], Float]


def _mse(y: Float, a: Float) -> float:
    return float(np.mean((a - y) ** 2))


def _mse_gradient(y: Float, a: Float) -> Float:
    return 2.0 * (a - y) / y.size


def _binary(y: Float, a: Float) -> float:
    p = _probability(a)
    return float(-np.mean(y * np.log(p) + (1.0 - y) * np.log(1.0 - p)))


def _binary_gradient(y: Float, a: Float) -> Float:
    p = _probability(a)
    return (p - y) / (p * (1.0 - p)) / y.size


def _categorical(y: Float, a: Float) -> float:
    """Return the mean over rows of the sum over classes; `y` has a single 1 in each row."""
    return float(-np.sum(y * np.log(_probability(a))) / len(y))


def _categorical_gradient(y: Float, a: Float) -> Float:
    return -y / _probability(a) / len(y)


def _probability(a: Float) -> Float:
    return np.clip(a, TINY, ALMOST_ONE)


MSE = Loss("mse", _mse, _mse_gradient)
BINARY_CROSS_ENTROPY = Loss("binary_crossentropy", _binary, _binary_gradient)
CATEGORICAL_CROSS_ENTROPY = Loss("categorical_crossentropy", _categorical, _categorical_gradient)

LOSSES = {each.name: each for each in (MSE, BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY)}
