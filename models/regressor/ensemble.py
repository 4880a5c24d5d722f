"""The networks of a regressor: trained together, each with its own correction of the anchor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.engine.stacked_network import Architecture, build_stack, set_weights
from volcast.models.engine.training import TrainingResult, train
from volcast.models.regressor.numpy_network import NumpyNetwork
from volcast.models.regressor.preprocessing import Inputs
from volcast.models.regressor.row_split import Part
from volcast.models.regressor.training_plan import (
    build_members,
    build_plan,
    build_rows,
    compute_row_keys,
)


def train_networks(
    params: Mapping[str, Any],
    inputs: Inputs,
    parts: Sequence[Part],
    callbacks: Sequence[Any],
) -> tuple[NumpyNetwork, TrainingResult]:
    """Return the networks of all members and targets, and how their training went.

    `parts` are the training and the validation rows, or the training rows alone, which then stop
    the training as well.
    """
    plan = build_plan(params, parts[0].inputs.shape[1], parts[0].variance.shape[1])
    counts = [len(part.inputs) for part in parts]
    numbers = np.split(np.arange(sum(counts)), np.cumsum(counts)[:-1])
    keys = compute_row_keys(
        parts[0].inputs, np.union1d(inputs.level_columns, inputs.anchor_columns)
    )
    members = build_members(params, numbers[0], numbers[-1], keys)
    result = train(build_rows(inputs, parts), members, plan, callbacks=callbacks)
    return NumpyNetwork(result.weights, params["activation"], params["dropout"]), result


def build_keras_network(network: NumpyNetwork) -> Any:
    """Return the networks as a Keras model, (networks, rows, F) to (networks, rows, 1)."""
    *hidden, last = network.weights[::2]
    architecture = Architecture(
        inputs=network.weights[0].shape[1],
        outputs=last.shape[2],
        hidden=tuple(kernel.shape[2] for kernel in hidden),
        activation=network.activation,
        dropout=network.dropout,
    )
    stack = build_stack(architecture, len(last))
    set_weights(stack, network.weights)
    return stack


def build_history(result: TrainingResult) -> dict[str, NDArray[np.float64]]:
    """Return the curves of a training by the names of the attribute `history_`."""
    return {
        "train_loss": result.train_loss,
        "val_loss": result.val_loss,
        "val_loss_by_target": result.val_loss_by_output,
        "learning_rate": result.learning_rate,
        "correction_range": result.correction_range,
        "correction_size": result.correction_size,
    }
