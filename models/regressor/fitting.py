"""The steps of a regressor's fit: anchor, networks, level correction, and the ridge regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.regressor.blending import choose_blend
from volcast.models.regressor.error_bounds import compute_smearing
from volcast.models.regressor.numpy_network import NumpyNetwork
from volcast.models.regressor.preprocessing import Inputs, LinearCorrection
from volcast.models.regressor.row_split import Part, join_parts, list_distinct_parts

Float = NDArray[np.float64]
Columns = tuple[NDArray[np.intp], NDArray[np.intp]]  # positions of the anchor and of the levels


def fit_attributes(
    params: Mapping[str, Any], columns: Columns, parts: tuple[Part, Part], callbacks: Sequence[Any]
) -> dict[str, Any]:
    """Return the attributes of `KerasVolatilityRegressor` that are estimated, by name.

    `parts` are the training and the held-out rows, which are the very same if all rows are trained
    on.
    """
    from volcast.models.regressor.ensemble import build_history, train_networks

    training, held_out = parts
    log_variance = np.log(training.variance)
    inputs = Inputs.fit(training.inputs, log_variance, *columns, training.weight)
    distinct = list_distinct_parts(training, held_out)
    network, result = train_networks(params, inputs, distinct, callbacks)
    corrections, anchor_log = correct(network, inputs, held_out.inputs, result.best_epoch.shape)
    error = np.log(held_out.variance) - average_log(corrections, anchor_log)
    both = join_parts(distinct)  # a copy, which the ridge regression may overwrite
    return {
        "inputs_": inputs,
        "numpy_network_": network,
        "best_epoch_": result.best_epoch,
        "history_": build_history(result),
        "epochs_run_": result.epochs_run,
        "diverged_": result.diverged,
        "bias_": np.asarray(params["level_trust"]) * compute_smearing(error, held_out.weight),
        "blend_": choose_blend(len(both.inputs)),
        "linear_": LinearCorrection.fit(
            both.inputs, np.log(both.variance), *columns, both.weight, overwrite_x=True
        ),
    }


def correct(
    network: NumpyNetwork, inputs: Inputs, X: NDArray[np.floating], shape: tuple[int, ...]
) -> tuple[NDArray[np.float32], Float]:
    """Return each network's correction (members, n, H), and what it corrects (n, H).

    `shape` is (members, H).
    """
    standardised, anchor_log = inputs.transform(X)
    outputs = network.compute_outputs(standardised).reshape(*shape, len(X))
    return outputs.swapaxes(1, 2), anchor_log


def average_log(corrections: NDArray[np.float32], anchor_log: Float) -> Float:
    """Return the log forecast of the average of all networks, (n, H)."""
    return np.asarray(anchor_log + corrections.mean(axis=0, dtype=np.float64))
