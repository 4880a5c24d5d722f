"""Several networks as one Keras model, in which every weight has a leading member axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.backend import keras, tf
from volcast.models.training_options import InitialisationName

FORECAST_BLOCK_ROWS = 512

# The limit of the uniform distribution of a layer's kernel, from its inputs and units.
UNIFORM_LIMITS: Mapping[InitialisationName, Callable[[int, int], float]] = {
    "glorot": lambda inputs, units: float(np.sqrt(6.0 / (inputs + units))),  # 2010, eq. 16
    "he": lambda inputs, _: float(np.sqrt(6.0 / inputs)),  # He et al. 2015, eq. 10, as uniform
}

Weights = list[NDArray[np.float32]]  # kernels and biases by layer, each (members, inputs, units)


@dataclass(frozen=True)
class Architecture:
    """The shape of one network; two networks of one shape can share a compiled program."""

    inputs: int
    outputs: int
    hidden: tuple[int, ...]
    activation: str
    dropout: float = 0.0

    def shapes(self) -> list[tuple[int, int]]:
        """Return the shapes of one member's kernels and biases, layer by layer."""
        pairs = pairwise([self.inputs, *self.hidden, self.outputs])
        return [shape for size, units in pairs for shape in ((size, units), (1, units))]


@keras.saving.register_keras_serializable(package="volcast")
class StackedDense(keras.layers.Layer):
    """`members` parallel dense layers: (members, rows, inputs) to (members, rows, units)."""

    def __init__(
        self, members: int, units: int, activation: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.members = members
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Sequence[int]) -> None:
        """Create the kernel (members, inputs, units) and the bias (members, 1, units), all zero."""
        inputs = input_shape[-1]
        self.kernel = self.add_weight(
            shape=(self.members, inputs, self.units), initializer="zeros", name="kernel"
        )
        self.bias = self.add_weight(
            shape=(self.members, 1, self.units), initializer="zeros", name="bias"
        )

    def call(self, inputs: Any) -> Any:
        """Return ``activation(inputs @ kernel + bias)`` of each member."""
        return self.activation(tf.matmul(inputs, self.kernel) + self.bias)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, for `.keras` files."""
        activation = keras.activations.serialize(self.activation)
        own = {"members": self.members, "units": self.units, "activation": activation}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="volcast")
class StackedDropout(keras.layers.Layer):
    """Dropout whose mask depends on each member's own key, not on its position in the stack.

    `key`, (members, 2) of int32, seeds the mask; the training sets it before each step.
    """

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(**options)
        self.rate = rate

    def build(self, input_shape: Sequence[int]) -> None:
        """Create the key."""
        self.key = self.add_weight(
            shape=(input_shape[0], 2),
            initializer="zeros",
            dtype="int32",
            trainable=False,
            name="key",
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `inputs`; in training, zero a share `rate` of them and scale up the rest."""
        if not training:
            return inputs
        keys = tf.unstack(tf.convert_to_tensor(self.key))
        shape = tf.shape(inputs)[1:]
        draws = tf.stack([tf.random.stateless_uniform(shape, key) for key in keys])
        return tf.where(draws < self.rate, 0.0, inputs / (1.0 - self.rate))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, for `.keras` files."""
        return {**super().get_config(), "rate": self.rate}


def build_stack(architecture: Architecture, members: int, *, dtype: str = "float32") -> Any:
    """Return the stack as a Keras model, (members, rows, inputs) to (members, rows, outputs)."""
    layers = [keras.Input((None, architecture.inputs), batch_size=members, dtype=dtype)]
    for units in architecture.hidden:
        layers.append(StackedDense(members, units, architecture.activation, dtype=dtype))
        if architecture.dropout > 0:
            layers.append(StackedDropout(architecture.dropout, dtype=dtype))
    layers.append(StackedDense(members, architecture.outputs, dtype=dtype))
    return keras.Sequential(layers)


def set_weights(stack: Any, weights: Weights) -> None:
    """Assign weights to the members of `stack`."""
    for variable, value in zip(stack.trainable_variables, weights, strict=True):
        variable.assign(value)


def flatten_weights(weights: Weights) -> NDArray[np.float32]:
    """Return the weights of all layers as a matrix (members, P)."""
    return np.concatenate([part.reshape(len(part), -1) for part in weights], axis=1)


def unflatten_weights(rows: NDArray[np.float32], architecture: Architecture) -> Weights:
    """Return the kernels and biases, (members, ...), of rows of weights (members, P)."""
    shapes = architecture.shapes()
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    parts = np.split(rows, ends[:-1], axis=1)
    return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]


def split_by_output(rows: NDArray[np.float32], architecture: Architecture) -> Weights:
    """Return networks of one output each, (members * H, ...), from weights (members, H, P).

    Network (m, h) takes the hidden layers of row (m, h), and column h of its last layer.
    """
    members, outputs, _ = rows.shape
    *hidden, kernel, bias = unflatten_weights(rows.reshape(members * outputs, -1), architecture)
    own = np.tile(np.arange(outputs), members)[:, None, None]
    return [*hidden, *(np.take_along_axis(part, own, axis=2) for part in (kernel, bias))]


def draw_initial_weights(
    architecture: Architecture, seeds: Sequence[int], scheme: InitialisationName = "glorot"
) -> Weights:
    """Return initial weights: uniform kernels, zero biases, and a zero last layer.

    Each member draws from its own seed, so that its weights do not depend on the stack it is in.
    Because of the zero last layer the untrained network predicts exactly zero, no correction.
    """
    generators = [np.random.default_rng(seed) for seed in seeds]
    shapes = architecture.shapes()
    weights = [np.zeros((len(seeds), *shape), np.float32) for shape in shapes]
    for kernel in weights[:-2:2]:
        limit = UNIFORM_LIMITS[scheme](*kernel.shape[1:])
        for member, generator in enumerate(generators):
            kernel[member] = generator.uniform(-limit, limit, kernel.shape[1:])
    return weights


def compute_outputs(stack: Any, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the outputs (networks, n, units) of the networks of a stack for `inputs` (n, F).

    Rows are processed in blocks of one size, so that the last bit of a row's forecast does not
    depend on the number of rows that follow.
    """
    members, outputs = stack.output_shape[0], stack.output_shape[-1]
    result = np.empty((members, len(inputs), outputs), np.float32)
    for start in range(0, len(inputs), FORECAST_BLOCK_ROWS):
        block = inputs[start : start + FORECAST_BLOCK_ROWS]
        padded = np.zeros((members, FORECAST_BLOCK_ROWS, inputs.shape[1]), np.float32)
        padded[:, : len(block)] = block
        result[:, start : start + len(block)] = stack(padded, training=False)[:, : len(block)]
    return result


def build_plain_network(stack: Any, numbers: Sequence[int]) -> Any:
    """Return one-output networks of a stack as one model of Dense layers, (n, F) to (n, H)."""
    inputs = keras.Input((stack.input_shape[-1],))
    branches = [_plain_branch(stack, number)(inputs) for number in numbers]
    outputs = branches[0] if len(branches) == 1 else keras.layers.Concatenate()(branches)
    return keras.Model(inputs, outputs)


def _plain_branch(stack: Any, number: int) -> Any:
    layers: list[Any] = [keras.Input((stack.input_shape[-1],))]
    weights = []
    for layer in stack.layers:
        if isinstance(layer, StackedDropout):
            layers.append(keras.layers.Dropout(layer.rate))
        else:
            layers.append(keras.layers.Dense(layer.units, layer.activation))
            kernel, bias = layer.get_weights()
            weights += [kernel[number], bias[number, 0]]
    network = keras.Sequential(layers)
    for variable, value in zip(network.trainable_variables, weights, strict=True):
        variable.assign(value)
    return network
