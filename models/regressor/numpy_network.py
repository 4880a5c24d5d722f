"""The stacked networks of a regressor, computed with NumPy alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from volcast.models.regressor.exact_product import Float, multiply, split_and_round

Float32 = NDArray[np.float32]
Floating = NDArray[np.floating]

BLOCK_ROWS = 128  # their layers fit into a core's cache; much larger products start threads
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. (2017), eq. 14


@dataclass(frozen=True)
class NumpyNetwork:
    """Networks of one shape, as `models.engine.stacked_network.build_stack` makes them for Keras.

    Attributes
    ----------
    weights
        Kernels and biases by layer, (networks, inputs, units) and (networks, 1, units).
    activation
        Of the hidden layers, a name in `ACTIVATION_FUNCTIONS`.
    dropout
        Share of hidden units dropped in training; forecasts drop none.

    Examples
    --------
    >>> kernel, bias = np.array([[[2.0], [1.0]]], np.float32), np.array([[[0.5]]], np.float32)
    >>> network = NumpyNetwork([kernel, bias], "tanh")
    >>> network.compute_outputs(np.array([[1.0, 3.0], [0.0, 0.0]], np.float32)).tolist()
    [[[5.5], [0.5]]]
    """

    weights: list[Float32]
    activation: str
    dropout: float = 0.0

    def compute_outputs(self, inputs: Float32) -> Float32:
        """Return the outputs (networks, n, units) for `inputs` (n, F).

        They equal those of Keras to 1e-6 of the largest output. The bits of a row's outputs depend
        neither on the other rows nor on BLAS. An overflow gives infinity or NaN, as in Keras.
        """
        last = self.weights[-1]
        outputs = np.empty((len(last), len(inputs), last.shape[2]), np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            kernels = [split_and_round(kernel, axis=-2) for kernel in self.weights[::2]]
            for start in range(0, len(inputs), BLOCK_ROWS):
                rows = slice(start, start + BLOCK_ROWS)
                outputs[:, rows] = self._compute_block(inputs[rows], kernels)
        return outputs

    def _compute_block(self, inputs: Floating, kernels: list[list[Float]]) -> Floating:
        """Return the outputs of a block of rows, layer by layer."""
        activate = ACTIVATION_FUNCTIONS[self.activation]
        values = _compute_layer(inputs[None], kernels[0], self.weights[1])
        for kernel, bias in zip(kernels[1:], self.weights[3::2], strict=True):
            values = _compute_layer(activate(values), kernel, bias)
        return values


def _compute_layer(values: Floating, kernel: list[Float], bias: Float32) -> Float32:
    product = multiply(split_and_round(values, axis=-1), kernel)
    product += bias
    return product.astype(np.float32)


def _sigmoid(x: Floating) -> Floating:
    # Both powers are in [0, 1], so that nothing overflows. A choice by sign would take longer.
    return np.exp(np.minimum(x, 0.0)) / (1.0 + np.exp(-np.abs(x)))


def _swish(x: Floating) -> Floating:
    return x * _sigmoid(x)


def _relu(x: Floating) -> Floating:
    return np.maximum(x, 0.0)


def _elu(x: Floating) -> Floating:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0.0)))


def _selu(x: Floating) -> Floating:
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0.0)))


def _gelu(x: Floating) -> Floating:
    return np.asarray(0.5 * x * (1.0 + erf(x * float(np.sqrt(0.5)))))


def _softplus(x: Floating) -> Floating:
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


# Those of `training_options.ACTIVATIONS`, as Keras defines them, by its names: in its files swish
# is silu, and the activation of networks without a hidden layer is linear.
ACTIVATION_FUNCTIONS: Mapping[str, Callable[[Floating], Floating]] = {
    "linear": lambda x: x,
    "swish": _swish,
    "silu": _swish,
    "relu": _relu,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "elu": _elu,
    "gelu": _gelu,
    "selu": _selu,
    "softplus": _softplus,
}
