"""Training that records the gradients, clipping and updates of every step, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volcast.models.backend import tf
from volcast.models.engine.epoch_program import EpochProgram, ProgramShape
from volcast.models.engine.member_groups import (
    Group,
    Member,
    activate_members,
    uses_weight_decay,
)
from volcast.models.engine.optimization import clip_gradient
from volcast.models.engine.rows import Rows
from volcast.models.engine.schedules import PlateauReductions
from volcast.models.engine.stacked_network import Weights, draw_initial_weights, unflatten_weights
from volcast.models.engine.training import TrainingPlan

Float = NDArray[np.float64]


class EpochRecord(NamedTuple):
    """The record of an epoch by step, member and layer, (steps, members, layers).

    `gradient` is the norm of a layer's gradient (kernel and bias together) before clipping,
    `bounded` after it, `update` that of the step that the optimizer took, `size` that of the
    weights before it; `clipped` is 1 if clipping changed the layer's gradient, else 0. The losses
    are (members,), and `weights` those at the end of the epoch.
    """

    gradient: Float
    bounded: Float
    update: Float
    size: Float
    clipped: Float
    train_loss: Float
    val_loss: Float
    weights: Weights


class RecordingProgram(EpochProgram):
    """The engine's epoch, which also records the norms of every step for `EpochRecord`."""

    def __init__(self, shape: ProgramShape) -> None:
        layers = len(shape.architecture.shapes()) // 2
        self._step_shape = (1 + 5 * layers,)
        self.norms = np.empty((0, shape.width, 5, layers))
        super().__init__(shape)

    def run(self, *arguments: Any) -> Any:
        """Train an epoch as `EpochProgram.run` does; set `norms`, (steps, width, 5, layers)."""
        state, record, evaluation = super().run(*arguments)
        self.norms = record[..., 1:].reshape(*record.shape[:2], 5, -1).astype(np.float64)
        return state, record[..., 0], evaluation

    def _take_step(self, *arguments: Any) -> Any:
        loss, gradient = self._compute_gradient(*arguments)
        bounded = clip_gradient(gradient, self.shape.optimization.clipping, self._sizes)
        before = tf.identity(self._weights.value)
        self._optimizer.apply([bounded], [self._weights])
        update = self._weights.value - before
        norms = [self._compute_norms(part) for part in (gradient, bounded, update, before)]
        clipped = tf.cast(self._compute_norms(bounded - gradient) > 0.0, tf.float32)
        return tf.concat([loss[:, None], *norms, clipped], axis=1)

    def _compute_norms(self, rows: Any) -> Any:
        """Return the norm of each layer's part of rows (width, P), (width, layers)."""
        sizes = [kernel + bias for kernel, bias in zip(*[iter(self._sizes)] * 2, strict=True)]
        return tf.stack([tf.norm(part, axis=1) for part in tf.split(rows, sizes, axis=1)], axis=1)


def record_epochs(
    rows: Rows, members: Sequence[Member], plan: TrainingPlan, epochs: int
) -> Iterator[EpochRecord]:
    """Yield the record of each epoch of members of one batch shape, trained without stopping.

    Weights, shuffles, dropout, rates and steps are those of `volcast.models.engine.training.train`.
    """
    shapes = {member.batch_shape for member in members}
    if len(shapes) != 1:
        raise ValueError(f"members must share batch size and steps; got {sorted(shapes)}")
    (batch, steps) = shapes.pop()
    decay = uses_weight_decay(members)
    program = RecordingProgram(
        ProgramShape(plan.architecture, plan.optimization, len(members), batch, decay)
    )
    seeds = [member.seed for member in members]
    weights = draw_initial_weights(plan.architecture, seeds, plan.initialisation)
    size = sum(part[0].size for part in weights)
    group = Group(activate_members(members, program, weights), program, rows.build_table())
    plateaus = PlateauReductions(plan.schedule, len(members))
    base = np.array([member.learning_rate for member in members])
    for number in range(1, epochs + 1):
        factors = plan.schedule.compute_factors(number, steps, plan.epochs)
        train_loss, evaluation = group.train_epoch((base * plateaus.factor)[:, None] * factors)
        val_loss = evaluation.loss.mean(axis=1)
        plateaus.update(val_loss)
        states = np.stack([active.state[:size] for active in group.active_members])
        gradient, bounded, update, size_before, clipped = np.moveaxis(program.norms[:steps], 2, 0)
        yield EpochRecord(
            gradient=gradient,
            bounded=bounded,
            update=update,
            size=size_before,
            clipped=clipped,
            train_loss=train_loss,
            val_loss=val_loss,
            weights=unflatten_weights(states, plan.architecture),
        )
