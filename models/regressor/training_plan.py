"""What a regressor orders from the engine: its parameters as a plan and a team of members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.engine.groups import Member, Rows
from volcast.models.engine.recipe import Clipping, Recipe
from volcast.models.engine.schedules import Schedule
from volcast.models.engine.stack import Architecture
from volcast.models.engine.training import Plan

if TYPE_CHECKING:
    from volcast.models.regressor.estimator import KerasVolatilityRegressor
    from volcast.models.regressor.preprocessing import Inputs

SMALLEST_BATCH, LARGEST_BATCH, STEPS_AN_EPOCH = 64, 1024, 128
ADAMW_DECAY = 0.004  # Keras's default
BOOTSTRAPPING = 3  # a stream of a member's seed


def build_plan(regressor: KerasVolatilityRegressor, inputs: int, outputs: int) -> Plan:
    """Return what all members share."""
    r = regressor
    clipping = None if r.clipping == "none" else Clipping(r.clipping, r.clip_at)
    return Plan(
        Architecture(inputs, outputs, tuple(r.hidden), r.activation, r.dropout),
        Recipe(r.optimizer, r.loss, r.l2, clipping),
        Schedule(r.schedule, r.warmup_epochs),
        epochs=r.epochs,
        patience=r.patience,
        initialisation=r.initialisation,
    )


def build_members(
    regressor: KerasVolatilityRegressor,
    training: NDArray[np.intp],
    validation: NDArray[np.intp],
) -> list[Member]:
    """Return the members, of consecutive seeds, on these row numbers."""
    r = regressor
    decay = r.weight_decay or (ADAMW_DECAY if r.optimizer == "adamw" else 0.0)
    batch_size = r.batch_size or usual_batch(len(training))
    team = []
    for seed in range(r.seed, r.seed + r.members):
        drawn = training
        if r.bootstrap:
            drawn = np.random.default_rng([seed, BOOTSTRAPPING]).choice(training, len(training))
        team.append(Member(seed, drawn, validation, r.learning_rate, batch_size, decay))
    return team


def build_rows(inputs: Inputs, parts: Sequence[tuple[Any, Any]]) -> Rows:
    """Return parts (X, variance), one below the other, as the engine's rows."""
    columns = []
    for X, variance in parts:
        standardised, anchor_log = inputs.of(X)
        logs = (anchor_log.astype(np.float32), np.log(variance).astype(np.float32))
        columns.append((standardised, *logs))
    return Rows(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def usual_batch(rows: int) -> int:
    """Return the batch size for so many training rows, where none is asked for."""
    return int(np.clip(2 ** round(np.log2(rows / STEPS_AN_EPOCH)), SMALLEST_BATCH, LARGEST_BATCH))
