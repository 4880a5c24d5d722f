"""Training whose every step is looked at: gradients, clipping and updates, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volcast.models.backend import tf
from volcast.models.engine.epoch_program import EpochProgram, ProgramShape
from volcast.models.engine.member_groups import ActiveMember, Group, Member, Rows, uses_weight_decay
from volcast.models.engine.optimization import clip_gradient
from volcast.models.engine.schedules import PlateauReductions
from volcast.models.engine.stacked_network import (
    Weights,
    draw_initial_weights,
    flatten_weights,
    unflatten_weights,
)
from volcast.models.engine.training import TrainingPlan

Float = NDArray[np.float64]


class EpochRecord(NamedTuple):
    """What was seen in one epoch: by step, member and layer, (steps, members, layers).

    `gradient` is the norm of the gradient of a layer (kernel and bias together) before clipping,
    `bounded` after it, `update` that of the step that the optimizer took, `size` that of the
    weights before it; `acted` is 1 where clipping changed the layer's gradient. The losses are
    (members,), and `weights` those at the end of the epoch.
    """

    gradient: Float
    bounded: Float
    update: Float
    size: Float
    acted: Float
    train_loss: Float
    val_loss: Float
    weights: Weights


class RecordingProgram(EpochProgram):
    """The engine's epoch, which also tells of every step what `EpochRecord` holds."""

    def __init__(self, shape: ProgramShape) -> None:
        layers = len(shape.architecture.shapes()) // 2
        self._told = (1 + 5 * layers,)
        self.seen = np.empty((0, shape.width, 5, layers))
        super().__init__(shape)

    def run(self, *arguments: Any) -> Any:
        """Train an epoch as `EpochProgram.run` does; keep what was seen, (steps, width, 5, layers)."""
        state, told, measure = super().run(*arguments)
        self.seen = told[..., 1:].reshape(*told.shape[:2], 5, -1).astype(np.float64)
        return state, told[..., 0], measure

    def _step(self, *arguments: Any) -> Any:
        loss, gradient = self._gradient(*arguments)
        bounded = clip_gradient(gradient, self.shape.optimization.clipping, self._sizes)
        before = tf.identity(self._weights.value)
        self._optimizer.apply([bounded], [self._weights])
        update = self._weights.value - before
        norms = [self._norms(part) for part in (gradient, bounded, update, before)]
        acted = tf.cast(self._norms(bounded - gradient) > 0.0, tf.float32)
        return tf.concat([loss[:, None], *norms, acted], axis=1)

    def _norms(self, rows: Any) -> Any:
        """Return the norm of each layer's part of rows (width, P), (width, layers)."""
        sizes = [kernel + bias for kernel, bias in zip(*[iter(self._sizes)] * 2, strict=True)]
        return tf.stack([tf.norm(part, axis=1) for part in tf.split(rows, sizes, axis=1)], axis=1)


def record_epochs(
    rows: Rows, members: Sequence[Member], plan: TrainingPlan, epochs: int
) -> Iterator[EpochRecord]:
    """Train members of one lane as the engine does, but none stops; tell of each epoch.

    Weights, shuffles, dropout, rates and steps are those of `volcast.models.engine.training.train`.
    """
    lanes = {member.batch_shape for member in members}
    if len(lanes) != 1:
        raise ValueError(f"members must share batch size and steps; got {sorted(lanes)}")
    (batch, steps) = lanes.pop()
    shape = ProgramShape(
        plan.architecture, plan.optimization, len(members), batch, uses_weight_decay(members)
    )
    program = RecordingProgram(shape)
    seeds = [member.seed for member in members]
    states = flatten_weights(draw_initial_weights(plan.architecture, seeds, plan.initialisation))
    size = states.shape[1]
    numbered = enumerate(zip(members, program.initial_state(states), strict=True))
    group = Group([ActiveMember(number, *pair) for number, pair in numbered], program, rows.table())
    plateaus = PlateauReductions(plan.schedule, len(members))
    base = np.array([member.learning_rate for member in members])
    for number in range(1, epochs + 1):
        shares = plan.schedule.shares(number, steps, plan.epochs)
        train_loss, measure = group.train((base * plateaus.share)[:, None] * shares)
        val_loss = measure.loss.mean(axis=1)
        plateaus.update(val_loss)
        weights = unflatten_weights(
            np.stack([t.state[:size] for t in group.trainees]), plan.architecture
        )
        gradient, bounded, update, size_before, acted = np.moveaxis(program.seen[:steps], 2, 0)
        yield EpochRecord(
            gradient, bounded, update, size_before, acted,
            train_loss, val_loss, weights,
        )  # fmt: skip
