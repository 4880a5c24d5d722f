"""The training loop: epoch by epoch, in packed groups, until every member has stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.backend import tf
from volcast.models.engine.callbacks import EpochCallbacks
from volcast.models.engine.early_stopping import EarlyStopping
from volcast.models.engine.epoch_program import ProgramShape, program
from volcast.models.engine.member_groups import (
    ActiveMember,
    Group,
    Member,
    Rows,
    choose_widths,
    pack_groups,
    uses_weight_decay,
)
from volcast.models.engine.optimization import Optimization
from volcast.models.engine.schedules import PlateauReductions, Schedule
from volcast.models.engine.stacked_network import (
    Architecture,
    Weights,
    draw_initial_weights,
    flatten_weights,
    split_by_output,
    unflatten_weights,
)

Float = NDArray[np.float64]


@dataclass(frozen=True)
class TrainingPlan:
    """What all members of a training share; `initialisation` is a key of `stack.UNIFORM_LIMITS`."""

    architecture: Architecture
    optimization: Optimization = field(default_factory=Optimization)
    schedule: Schedule = field(default_factory=Schedule)
    epochs: int = 40
    patience: int = 5
    initialisation: str = "glorot"


@dataclass(frozen=True)
class TrainingResult:
    """The best networks, and the curves of their members (epochs + 1, members).

    `weights` are of networks of one output: network ``m * H + h`` is member m as it was at the
    best epoch (members, H) of output h, and gives that output. Row 0 of the losses is the
    untrained network; NaN stands where a member had stopped. `val_loss_by_output` is (epochs + 1,
    members, H), and `val_loss` its mean. `correction_range` is the largest correction of a
    validation row less the smallest, `correction_size` the largest in absolute value, each of the
    output where it is largest: a dead network corrects all rows alike. The learning rate is that
    of an epoch's last step. A
    member that `diverged` reached a loss that is no finite number; its weights are the best
    before.
    """

    weights: Weights
    best_epoch: NDArray[np.int64]
    epochs_run: NDArray[np.int64]
    diverged: NDArray[np.bool_]
    train_loss: Float
    val_loss: Float
    val_loss_by_output: Float
    learning_rate: Float
    correction_range: Float
    correction_size: Float


def train(
    rows: Rows,
    members: Sequence[Member],
    plan: TrainingPlan,
    *,
    start: Weights | None = None,
    callbacks: Sequence[Any] = (),
) -> TrainingResult:
    """Train all members until each one's early stop; return the weights best for each output.

    A member stops when the validation loss of no output has improved for `plan.patience` epochs,
    or is no longer finite; from then on it takes no part. `start` gives the weights to begin with
    instead of those of the seeds; `callbacks` are Keras's and hear of each epoch (see
    `EpochCallbacks`).

    Members are packed by batch size and steps an epoch into groups of one width, which run side
    by side on the processors. Same seed, rows and plan: bit-identical weights, in whatever place,
    group or thread a member trains. A member trained quite alone differs by rounding, for XLA
    multiplies single matrices otherwise: weights by up to 1e-7 after five epochs, measured. Another
    machine or another TensorFlow may differ as well.
    """
    listeners = EpochCallbacks(callbacks, plan.architecture, len(members), plan.epochs)
    with ThreadPoolExecutor(count_processors()) as pool:
        run = _Run(rows, members, plan, start, pool)
        listeners.begin()
        for epoch in range(1, plan.epochs + 1):
            losses = run.epoch(epoch)
            if listeners.epoch(epoch, losses, run.weights) or not run.stopping.active.any():
                break
        listeners.end()
    return run.outcome()


class _Run:
    """What changes in the course of one training."""

    def __init__(
        self,
        rows: Rows,
        members: Sequence[Member],
        plan: TrainingPlan,
        start: Weights | None,
        pool: ThreadPoolExecutor,
    ) -> None:
        seeds = [member.seed for member in members]
        fresh = draw_initial_weights(plan.architecture, seeds, plan.initialisation)
        weights = fresh if start is None else start
        self.plan = plan
        self.pool = pool
        self.members = members
        self.table = rows.table()
        self.widths = choose_widths(members, on_gpu=bool(tf.config.list_physical_devices("GPU")))
        self.programs = {
            batch_shape: program(
                ProgramShape(
                    plan.architecture,
                    plan.optimization,
                    width,
                    batch_shape[0],
                    uses_weight_decay(members),
                )
            )
            for batch_shape, width in self.widths.items()
        }
        states = next(iter(self.programs.values())).initial_state(flatten_weights(weights))
        numbered = enumerate(zip(members, states, strict=True))
        self.trainees = [ActiveMember(number, *pair) for number, pair in numbered]
        self.plateaus = PlateauReductions(plan.schedule, len(members))
        losses = self._measured([m.training for m in members], [m.validation for m in members])
        self.stopping = EarlyStopping(plan.patience, losses[1], self._states())
        rates = np.array([member.learning_rate for member in members])
        nothing = np.zeros_like(losses[1])
        self.curves: list[tuple[Float, ...]] = [
            (losses[0].mean(axis=1), losses[1], rates, nothing, nothing)
        ]

    def epoch(self, number: int) -> dict[str, Float]:
        """Train every member that has not stopped; return the epoch's losses and rates."""
        running = [self.trainees[at] for at in np.flatnonzero(self.stopping.active)]
        rates = {trainee.number: self._rates(trainee, number) for trainee in running}

        def train_group(group: Group) -> tuple[Float, ...]:
            own_rates = np.stack([rates[trainee.number] for trainee in group.trainees])
            train_loss, measure = group.train(own_rates)
            return train_loss, *measure

        train_loss, val_loss, low, high = self._by_member(train_group, running)
        self.stopping.update(train_loss, val_loss, self._states())
        self.plateaus.update(val_loss.mean(axis=1))
        last_rates = np.full(len(self.members), np.nan)
        for trainee in running:
            last_rates[trainee.number] = rates[trainee.number][-1]
        self.curves.append((train_loss, val_loss, last_rates, low, high))
        return {
            "loss": train_loss,
            "val_loss": val_loss.mean(axis=1),
            "learning_rate": last_rates,
        }

    def weights(self) -> Weights:
        """Return the weights of now."""
        return unflatten_weights(self._states(), self.plan.architecture)

    def outcome(self) -> TrainingResult:
        """Return the best weights, and the curves so far."""
        train_loss, val_loss, learning_rate, low, high = (
            np.array(curve) for curve in zip(*self.curves, strict=True)
        )
        return TrainingResult(
            weights=split_by_output(self.stopping.best_weights, self.plan.architecture),
            best_epoch=self.stopping.best_epoch,
            epochs_run=self.stopping.epochs_run,
            diverged=self.stopping.diverged,
            train_loss=train_loss,
            val_loss=val_loss.mean(axis=2),
            val_loss_by_output=val_loss,
            learning_rate=learning_rate,
            correction_range=_finite((high - low).max(axis=2)),
            correction_size=_finite(np.maximum(-low, high).max(axis=2)),
        )

    def _rates(self, trainee: ActiveMember, epoch: int) -> Float:
        """Return the learning rate of each step of an epoch."""
        shares = self.plan.schedule.shares(epoch, trainee.member.batch_shape[1], self.plan.epochs)
        return np.asarray(
            trainee.member.learning_rate * self.plateaus.share[trainee.number] * shares
        )

    def _measured(self, *picks: Sequence[NDArray[np.integer]]) -> tuple[Float, ...]:
        """Return the losses (members, H) of the untrained members over two sets of picks."""

        def measure(group: Group) -> tuple[Float, ...]:
            own = [[part[t.number] for t in group.trainees] for part in picks]
            return tuple(group.measure(part).loss for part in own)

        return self._by_member(measure, self.trainees)

    def _by_member(
        self, work: Callable[[Group], tuple[Float, ...]], trainees: Sequence[ActiveMember]
    ) -> tuple[Float, ...]:
        """Do `work` for each group, side by side; return its figures of all members, or NaN."""
        groups = [
            Group(some, self.programs[some[0].member.batch_shape], self.table)
            for some in pack_groups(trainees, self.widths)
        ]
        outcomes = [work(groups[0])] if len(groups) == 1 else list(self.pool.map(work, groups))
        numbers = [trainee.number for group in groups for trainee in group.trainees]
        figures = (np.concatenate(parts) for parts in zip(*outcomes, strict=True))
        return tuple(self._placed(figure, numbers) for figure in figures)

    def _placed(self, known: Float, numbers: Sequence[int]) -> Float:
        """Return a figure of some members among all of them, NaN where there is none."""
        figure = np.full((len(self.members), *known.shape[1:]), np.nan)
        figure[numbers] = known
        return figure

    def _states(self) -> NDArray[np.float32]:
        """Return the weights of now as a matrix, a row a member."""
        size = sum(np.prod(shape) for shape in self.plan.architecture.shapes())
        return np.stack([trainee.state[:size] for trainee in self.trainees])


def _finite(values: Float) -> Float:
    return np.where(np.isfinite(values), values, np.nan)


def count_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
