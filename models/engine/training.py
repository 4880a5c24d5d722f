"""The training loop: epoch by epoch, in groups of members, until every member has stopped."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.backend import tf
from volcast.models.engine.callbacks import EpochCallbacks
from volcast.models.engine.early_stopping import EarlyStopping
from volcast.models.engine.epoch_program import EpochProgram, ProgramShape, get_program
from volcast.models.engine.member_groups import (
    ActiveMember,
    BatchShape,
    Group,
    Member,
    activate_members,
    choose_widths,
    pack_groups,
    uses_weight_decay,
)
from volcast.models.engine.optimization import Optimization
from volcast.models.engine.rows import Rows
from volcast.models.engine.schedules import PlateauReductions, Schedule
from volcast.models.engine.stacked_network import (
    Architecture,
    Weights,
    draw_initial_weights,
    split_by_output,
    unflatten_weights,
)
from volcast.models.processors import count_processors
from volcast.models.training_options import InitialisationName

Float = NDArray[np.float64]


@dataclass(frozen=True)
class TrainingPlan:
    """The settings that all members of a training share."""

    architecture: Architecture
    optimization: Optimization = field(default_factory=Optimization)
    schedule: Schedule = field(default_factory=Schedule)
    epochs: int = 40
    patience: int = 5
    initialisation: InitialisationName = "glorot"


@dataclass(frozen=True)
class TrainingResult:
    """The best networks, and the curves of their members.

    Curves are (epochs + 1, members); row 0 is the untrained network, and NaN follows a member's
    stop.

    Attributes
    ----------
    weights
        Of networks with one output: network ``m * H + h`` is member m at the best epoch of output
        h.
    best_epoch
        (members, H); 0 is the untrained network.
    epochs_run
        Number of epochs trained, (members,).
    diverged
        Whether a loss became infinite or NaN, (members,); the weights are the best up to then.
    train_loss, val_loss
        Losses of the data; `val_loss` is the mean over outputs.
    val_loss_by_output
        (epochs + 1, members, H).
    learning_rate
        Of the epoch's last step.
    correction_range, correction_size
        The largest minus the smallest correction of the validation rows, and the largest absolute
        one, of the output where it is largest: a dead network corrects all rows alike.
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
    """Train all members with early stopping; return the best weights for each output.

    A member stops if the validation loss of no output has improved for `plan.patience` epochs, or
    is no longer finite; from then on it takes no part in the training.

    Parameters
    ----------
    rows
        The rows that the members refer to by number.
    members
        Packed by batch size and steps per epoch into groups of one width, which run in parallel.
    plan
        What the members share.
    start
        Initial weights instead of those drawn from the members' seeds.
    callbacks
        Keras callbacks, called after each epoch (see `EpochCallbacks`).

    Notes
    -----
    The same seed, rows and plan give bit-identical weights, whatever the group, position or thread
    of a member. A member trained entirely alone differs by rounding, up to 1e-7 in the weights
    after five epochs, because XLA multiplies single matrices differently. Another machine or
    another version of TensorFlow may differ as well.
    """
    epoch_callbacks = EpochCallbacks(callbacks, plan.architecture, len(members), plan.epochs)
    with ThreadPoolExecutor(count_processors()) as pool:
        run = _Run(rows, members, plan, start, pool)
        epoch_callbacks.begin()
        for epoch in range(1, plan.epochs + 1):
            losses = run.train_epoch(epoch)
            stop = epoch_callbacks.report_epoch(epoch, losses, run.get_weights)
            if stop or not run.stopping.active.any():
                break
        epoch_callbacks.end()
    return run.build_result()


def get_programs(
    members: Sequence[Member], plan: TrainingPlan, widths: dict[BatchShape, int]
) -> dict[BatchShape, EpochProgram]:
    """Return the compiled program of each batch shape."""
    decay = uses_weight_decay(members)
    return {
        (batch, steps): get_program(
            ProgramShape(plan.architecture, plan.optimization, width, batch, decay)
        )
        for (batch, steps), width in widths.items()
    }


class _Run:
    """The state of one training."""

    def __init__(
        self,
        rows: Rows,
        members: Sequence[Member],
        plan: TrainingPlan,
        start: Weights | None,
        pool: ThreadPoolExecutor,
    ) -> None:
        self.plan = plan
        self.pool = pool
        self.members = members
        self.table = rows.build_table()
        self.widths = choose_widths(members, on_gpu=bool(tf.config.list_physical_devices("GPU")))
        self.programs = get_programs(members, plan, self.widths)
        seeds = [member.seed for member in members]
        drawn = draw_initial_weights(plan.architecture, seeds, plan.initialisation)
        weights = drawn if start is None else start
        program = next(iter(self.programs.values()))
        self.active_members = activate_members(members, program, weights)
        self._weight_count = sum(map(math.prod, plan.architecture.shapes()))
        self._grouped: list[int] = []
        self._groups: list[Group] = []
        self.plateaus = PlateauReductions(plan.schedule, len(members))
        losses = self._measure_losses(
            [member.training for member in members], [member.validation for member in members]
        )
        self.stopping = EarlyStopping(plan.patience, losses[1], self._get_states())
        rates = np.array([member.learning_rate for member in members])
        zeros = np.zeros_like(losses[1])
        self.curves: list[tuple[Float, ...]] = [
            (losses[0].mean(axis=1), losses[1], rates, zeros, zeros)
        ]

    def train_epoch(self, number: int) -> dict[str, Float]:
        """Train every member that has not stopped; return the epoch's losses and rates."""
        running = [self.active_members[n] for n in np.flatnonzero(self.stopping.active)]
        rates = {active.number: self._compute_rates(active, number) for active in running}

        def train_group(group: Group) -> tuple[Float, ...]:
            own_rates = np.stack([rates[active.number] for active in group.active_members])
            train_loss, evaluation = group.train_epoch(own_rates)
            return train_loss, *evaluation

        train_loss, val_loss, low, high = self._run_groups(train_group, running)
        self.stopping.update(train_loss, val_loss, self._get_states())
        self.plateaus.update(val_loss.mean(axis=1))
        last_rates = np.full(len(self.members), np.nan)
        for active in running:
            last_rates[active.number] = rates[active.number][-1]
        self.curves.append((train_loss, val_loss, last_rates, low, high))
        return {
            "loss": train_loss,
            "val_loss": val_loss.mean(axis=1),
            "learning_rate": last_rates,
        }

    def get_weights(self) -> Weights:
        """Return the current weights."""
        return unflatten_weights(self._get_states(), self.plan.architecture)

    def build_result(self) -> TrainingResult:
        """Return the best weights, and the curves."""
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
            correction_range=_replace_infinite((high - low).max(axis=2)),
            correction_size=_replace_infinite(np.maximum(-low, high).max(axis=2)),
        )

    def _compute_rates(self, active: ActiveMember, epoch: int) -> Float:
        """Return the learning rate of each step of an epoch."""
        steps = active.member.batch_shape[1]
        factors = self.plan.schedule.compute_factors(epoch, steps, self.plan.epochs)
        return np.asarray(
            active.member.learning_rate * self.plateaus.factor[active.number] * factors
        )

    def _measure_losses(self, *numbers: Sequence[NDArray[np.integer]]) -> tuple[Float, ...]:
        """Return the losses (members, H) of the untrained members on sets of row numbers."""

        def measure_group(group: Group) -> tuple[Float, ...]:
            own = [[part[active.number] for active in group.active_members] for part in numbers]
            return tuple(group.evaluate(part).loss for part in own)

        return self._run_groups(measure_group, self.active_members)

    def _run_groups(
        self, work: Callable[[Group], tuple[Float, ...]], active_members: Sequence[ActiveMember]
    ) -> tuple[Float, ...]:
        """Apply `work` to each group in parallel; return its figures by member, else NaN."""
        groups = self._pack_groups(active_members)
        results = [work(groups[0])] if len(groups) == 1 else list(self.pool.map(work, groups))
        numbers = [active.number for group in groups for active in group.active_members]
        figures = (np.concatenate(parts) for parts in zip(*results, strict=True))
        return tuple(self._expand(figure, numbers) for figure in figures)

    def _pack_groups(self, active_members: Sequence[ActiveMember]) -> list[Group]:
        """Return the groups of some members: those of the last call if the members are the same."""
        numbers = [active.number for active in active_members]
        if numbers != self._grouped:
            self._grouped = numbers
            self._groups = [
                Group(some, self.programs[some[0].member.batch_shape], self.table)
                for some in pack_groups(active_members, self.widths)
            ]
        return self._groups

    def _expand(self, known: Float, numbers: Sequence[int]) -> Float:
        """Return a figure of some members as one of all members, NaN for the others."""
        figure = np.full((len(self.members), *known.shape[1:]), np.nan)
        figure[numbers] = known
        return figure

    def _get_states(self) -> NDArray[np.float32]:
        """Return the current weights as a matrix (members, P)."""
        states = np.stack([active.state for active in self.active_members])
        return states[:, : self._weight_count]


def _replace_infinite(values: Float) -> Float:
    """Return `values` with NaN for infinite ones."""
    return np.where(np.isfinite(values), values, np.nan)
