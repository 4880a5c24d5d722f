"""The networks of a regressor: trained together, each with its own correction of the anchor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.engine.stacked_network import build_stack, compute_outputs, set_weights
from volcast.models.engine.training import TrainingResult, train
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
) -> tuple[Any, TrainingResult]:
    """Return the stacked Keras model of all members, and how their training went.

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
    network = build_stack(replace(plan.architecture, outputs=1), result.best_epoch.size)
    set_weights(network, result.weights)
    return network, result


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


def compute_corrections(
    network: Any, standardised: NDArray[np.float32], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return each member's correction of the log variance, (members, n, H).

    `standardised` is (n, F), `shape` is (members, H).
    """
    outputs = compute_outputs(network, standardised).reshape(*shape, len(standardised))
    return outputs.swapaxes(1, 2)
