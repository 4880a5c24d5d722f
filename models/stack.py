"""Several networks as one Keras model: every weight carries a leading member axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.backend import keras, tf

FORWARD_ROWS = 512  # rows a block when forecasting


@keras.saving.register_keras_serializable(package="volcast")
class StackedDense(keras.layers.Layer):
    """`members` dense layers side by side: (members, rows, inputs) to (members, rows, units)."""

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
        """Return what `.keras` files need to build the layer again."""
        activation = keras.activations.serialize(self.activation)
        own = {"members": self.members, "units": self.units, "activation": activation}
        return {**super().get_config(), **own}


@dataclass(frozen=True)
class Architecture:
    """The shape of a stack: what must be equal for two stacks to share a compiled program."""

    members: int
    inputs: int
    outputs: int
    hidden: tuple[int, ...]
    activation: str
    dropout: float


def build_stack(architecture: Architecture) -> Any:
    """Return the stack as a Keras model, (members, rows, inputs) to (members, rows, outputs)."""
    members = architecture.members
    layers = [keras.Input((None, architecture.inputs), batch_size=members)]
    for units in architecture.hidden:
        layers.append(StackedDense(members, units, architecture.activation))
        if architecture.dropout > 0:
            layers.append(keras.layers.Dropout(architecture.dropout))
    layers.append(StackedDense(members, architecture.outputs))
    return keras.Sequential(layers)


def initial_weights(model: Any, seeds: Sequence[int]) -> list[NDArray[np.float32]]:
    """Return fresh weights: Glorot uniform kernels, zero biases, and a zero last layer.

    Each member draws from its own seed, so that it starts alike in whatever stack it is. The
    zero last layer makes the untrained network predict exactly zero: no correction.
    """
    generators = [np.random.default_rng(seed) for seed in seeds]
    weights = []
    last_kernel = len(model.trainable_variables) - 2
    for position, variable in enumerate(model.trainable_variables):
        shape = tuple(variable.shape)[1:]
        if position >= last_kernel or variable.name == "bias":
            weights.append(np.zeros((len(seeds), *shape), np.float32))
            continue
        limit = np.sqrt(6.0 / (shape[0] + shape[1]))  # Glorot & Bengio 2010, eq. 16
        draws = [generator.uniform(-limit, limit, shape) for generator in generators]
        weights.append(np.stack(draws).astype(np.float32))
    return weights


def forward(model: Any, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each member's output (members, n, outputs) for `inputs` (n, F).

    Rows go through in blocks of one size, so that a row's forecast does not depend, in the last
    bit, on how many rows follow it.
    """
    members, outputs = model.output_shape[0], model.output_shape[-1]
    result = np.empty((members, len(inputs), outputs), np.float32)
    for start in range(0, len(inputs), FORWARD_ROWS):
        block = inputs[start : start + FORWARD_ROWS]
        padded = np.zeros((members, FORWARD_ROWS, inputs.shape[1]), np.float32)
        padded[:, : len(block)] = block
        result[:, start : start + len(block)] = model(padded, training=False)[:, : len(block)]
    return result
