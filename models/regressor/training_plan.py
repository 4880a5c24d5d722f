"""Translates a regressor's parameters and rows into those of the training engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.engine.member_groups import Member
from volcast.models.engine.optimization import Clipping, Optimization
from volcast.models.engine.rows import Rows
from volcast.models.engine.schedules import Schedule
from volcast.models.engine.stacked_network import Architecture
from volcast.models.engine.training import TrainingPlan
from volcast.models.regressor.error_bounds import bound_errors
from volcast.models.regressor.preprocessing import Inputs
from volcast.models.regressor.row_split import Part, fill_weight

SMALLEST_BATCH, LARGEST_BATCH, STEPS_PER_EPOCH = 64, 1024, 128
ADAMW_DECAY = 0.004  # Keras's default
ERROR_BOUND = 10.0  # spreads of the anchor's errors; much of them can be what a network learns
BOOTSTRAP_STREAM = 3  # of a member's seed
KEY_STREAM = 4  # of the factors of row keys

Params = Mapping[str, Any]  # of a regressor, by name


def build_plan(params: Params, inputs: int, outputs: int) -> TrainingPlan:
    """Return what all members share: network, optimization, schedule and stopping rule."""
    by, at = params["clipping"], params["clip_at"]
    return TrainingPlan(
        Architecture(
            inputs, outputs, tuple(params["hidden"]), params["activation"], params["dropout"]
        ),
        Optimization(
            params["optimizer"],
            params["loss"],
            params["l2"],
            None if by == "none" else Clipping(by, at),
        ),
        Schedule(params["schedule"], params["warmup_epochs"]),
        epochs=params["epochs"],
        patience=params["patience"],
        initialisation=params["initialisation"],
    )


def build_members(
    params: Params,
    training: NDArray[np.intp],
    validation: NDArray[np.intp],
    row_keys: NDArray[np.uint64] | None = None,
) -> list[Member]:
    """Return the members, of consecutive seeds, on these row numbers.

    `row_keys` (`compute_row_keys`) are those of the training rows; a bootstrap sample is drawn by
    row number, and does without.
    """
    rate = params["learning_rate"]
    decay = params["weight_decay"] or (ADAMW_DECAY if params["optimizer"] == "adamw" else 0.0)
    batch_size = params["batch_size"] or choose_batch_size(len(training))
    members = []
    for seed in range(params["seed"], params["seed"] + params["members"]):
        rows, keys = training, row_keys
        if params["bootstrap"]:
            rng = np.random.default_rng([seed, BOOTSTRAP_STREAM])
            rows, keys = rng.choice(training, len(training)), None
        members.append(Member(seed, rows, validation, rate, batch_size, decay, keys))
    return members


def compute_row_keys(
    X: NDArray[np.floating], levels: NDArray[np.intp]
) -> NDArray[np.uint64] | None:
    """Return a number for each row of X (n, F) that depends on its values only, (n,).

    The columns `levels`, logs of variances, are left out, so that the unit of the variance does not
    matter. None if there is no other column.

    Examples
    --------
    >>> X, levels = np.array([[1.0, -9.0], [3.0, -8.0], [5.0, -7.0]]), np.array([1])
    >>> bool((compute_row_keys(X[[0, 2]], levels) == compute_row_keys(X, levels)[[0, 2]]).all())
    True
    """
    others = np.setdiff1d(np.arange(X.shape[1]), levels)
    if not len(others):
        return None
    shape = (len(others),)
    factors = np.random.default_rng(KEY_STREAM).integers(0, 2**64, shape, dtype=np.uint64)
    keys = np.zeros(len(X), dtype=np.uint64)
    for place, factor in zip(others.tolist(), factors.tolist(), strict=True):
        bits = np.ascontiguousarray(X[:, place], dtype=np.float32).view(np.uint32)
        keys += bits * np.uint64(factor | 1)  # modulo 2^64; an odd factor loses nothing
    return keys


def build_rows(inputs: Inputs, parts: Sequence[tuple[Any, ...]]) -> Rows:
    """Return parts (X, variance) or (X, variance, weight), stacked in order, as the engine's rows.

    The errors of the anchor are bounded, so that no row outweighs all others of its batch. The
    weights of each part have the mean 1: a batch is then expected to weigh as much as one without.
    """
    stacked = [Part(*part) for part in parts]
    first = stacked[0]
    rows = Rows.allocate(
        sum(len(part.inputs) for part in stacked),
        inputs=first.inputs.shape[1],
        outputs=first.variance.shape[1],
        weighted=any(part.weight is not None for part in stacked),
    )
    start = 0
    for part in stacked:
        own = slice(start, start + len(part.inputs))
        _, anchor_log = inputs.transform(part.inputs, rows.inputs[own])
        error = np.log(part.variance) - anchor_log
        rows.anchor[own] = anchor_log
        rows.target[own] = anchor_log + bound_errors(error, part.weight, bound=ERROR_BOUND)
        if rows.weight is not None:
            weight = fill_weight(part)
            rows.weight[own] = weight / weight.mean()
        start = own.stop
    return rows


def choose_batch_size(rows: int) -> int:
    """Return the default batch size: a power of 2 near 1/128 of the rows, in [64, 1024].

    Examples
    --------
    >>> [choose_batch_size(rows) for rows in (500, 12_000, 1_000_000)]
    [64, 128, 1024]
    """
    return int(np.clip(2 ** round(np.log2(rows / STEPS_PER_EPOCH)), SMALLEST_BATCH, LARGEST_BATCH))
