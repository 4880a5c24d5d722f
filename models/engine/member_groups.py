"""Members packed into groups: what one compiled program trains at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from volcast.models.backend import tf
from volcast.models.engine.epoch_program import (
    EVALUATION_ROWS,
    EpochProgram,
    EpochSettings,
    Evaluation,
    RowSelection,
    Table,
)

SMALLEST_BUCKET = 16_384  # rows; padding costs memory alone, compiling costs a second
WIDEST_ON_GPU = 128  # members; a GPU is idle below
SHUFFLING, DROPPING = 1, 2  # streams of a member's seed, beside that of its initial weights

Float = NDArray[np.float64]
BatchShape = tuple[int, int]  # rows a step, and steps an epoch


@dataclass(frozen=True)
class Rows:
    """Rows of the log-variance problem: `inputs` (n, F), `anchor` and `target` (n, H), float32."""

    inputs: NDArray[np.float32]
    anchor: NDArray[np.float32]
    target: NDArray[np.float32]

    def __len__(self) -> int:
        """Return n."""
        return len(self.inputs)

    def table(self) -> Table:
        """Return the rows as tensors, padded to a bucket (a power of 2) that others share."""
        bucket = max(SMALLEST_BUCKET, _power_of_two(len(self)))
        columns = (self.inputs, self.anchor, self.target)
        return Table(*(_padded(column, (bucket, column.shape[1])) for column in columns))


@dataclass(frozen=True)
class Member:
    """One network: its seed, how it learns, and the rows that it trains and stops on.

    `training` and `validation` are row numbers; a row may be named twice (a bootstrap).
    """

    seed: int
    training: NDArray[np.integer]
    validation: NDArray[np.integer]
    learning_rate: float = 1e-3
    batch_size: int = 32
    weight_decay: float = 0.0

    @property
    def batch_shape(self) -> BatchShape:
        """Return what members of one group must share; the last batch may be the shorter one."""
        rows = min(self.batch_size, _power_of_two(len(self.training)))
        return rows, -(-len(self.training) // rows)


def uses_weight_decay(members: Sequence[Member]) -> bool:
    """Return whether any member's weights decay, which the compiled program must know."""
    return any(member.weight_decay > 0 for member in members)


@dataclass
class ActiveMember:
    """A member while it trains: its row of the program's state and its own stream of shuffles."""

    number: int
    member: Member
    state: NDArray[np.float32]
    steps_done: int = 0
    shuffle: np.random.Generator = field(init=False)
    dropout_seed: int = field(init=False)

    def __post_init__(self) -> None:
        """Seed the streams."""
        self.shuffle = np.random.default_rng([self.member.seed, SHUFFLING])
        words = np.random.SeedSequence([self.member.seed, DROPPING]).generate_state(1)
        self.dropout_seed = int(words.view(np.int32)[0])


@dataclass(frozen=True)
class Group:
    """Up to `width` trainees of one lane and the program that trains them."""

    trainees: list[ActiveMember]
    program: EpochProgram
    table: Table

    def train(self, rates: Float) -> tuple[Float, Evaluation]:
        """Train an epoch at `rates` (members, steps); return train loss and validation measure.

        The train loss (members,) is the mean over the epoch's steps, each before it is taken, as
        in `fit`.
        """
        orders = [t.shuffle.permutation(t.member.training) for t in self.trainees]
        step_losses, measure = self.step(orders, rates)
        counts = np.array([len(order) for order in orders])
        batch, steps = self.trainees[0].member.batch_shape
        sizes = np.clip(counts - batch * np.arange(steps)[:, None], 0, batch)
        return (sizes * step_losses).sum(axis=0) / counts, measure

    def step(self, orders: Sequence[NDArray[np.integer]], rates: Float) -> tuple[Float, Evaluation]:
        """Train an epoch in the given orders of rows, a step for each of `rates` (members, steps).

        Returns the losses, (steps, members), each before its step is taken, and the validation
        measure after the last one.
        """
        step_losses, measure = self._run(
            orders, [t.member.validation for t in self.trainees], rates
        )
        steps = rates.shape[1]
        for trainee in self.trainees:
            trainee.steps_done += steps
        return step_losses[:steps], measure

    def measure(self, picks: Sequence[NDArray[np.integer]]) -> Evaluation:
        """Return the measure of each member's picks, without training."""
        nothing = [np.empty(0, np.int32)] * len(self.trainees)
        return self._run(nothing, picks, np.zeros((len(picks), 1)))[1]

    def _run(
        self,
        training: Sequence[NDArray[np.integer]],
        validation: Sequence[NDArray[np.integer]],
        rates: Float,
    ) -> tuple[Float, Evaluation]:
        shape = self.program.shape
        bucket = int(self.table.inputs.shape[0])
        steps = -(-bucket // shape.batch_size)
        picks = (
            _picks(training, shape.width, steps * shape.batch_size),
            _picks(validation, shape.width, -(-bucket // EVALUATION_ROWS) * EVALUATION_ROWS),
        )
        settings = EpochSettings(
            rate=_padded(rates, (shape.width, steps)),
            decay=_padded([t.member.weight_decay for t in self.trainees], (shape.width,)),
            seed=_padded([t.dropout_seed for t in self.trainees], (shape.width,), np.int32),
            done=tf.constant(self.trainees[0].steps_done),
        )
        states = np.stack([trainee.state for trainee in self.trainees])
        state = _padded(states, (shape.width, states.shape[1]))
        states, step_losses, measure = self.program.run(state, self.table, picks, settings)
        for trainee, row in zip(self.trainees, states, strict=False):
            trainee.state = row
        n = len(self.trainees)
        return (
            step_losses[:, :n].astype(np.float64),
            Evaluation(*(part[:n].astype(np.float64) for part in measure)),
        )


def pack_groups(
    trainees: Sequence[ActiveMember], widths: dict[BatchShape, int]
) -> list[list[ActiveMember]]:
    """Return groups of trainees of one lane, as few as there can be, the lanes in turn."""
    groups = []
    ordered = sorted(trainees, key=lambda trainee: (trainee.member.batch_shape, trainee.number))
    for batch_shape, those in groupby(ordered, key=lambda trainee: trainee.member.batch_shape):
        queue, width = list(those), widths[batch_shape]
        parts = [queue[start : start + width] for start in range(0, len(queue), width)]
        groups += list(enumerate(parts))
    return [group for _, group in sorted(groups, key=itemgetter(0))]


def choose_widths(members: Sequence[Member], *, on_gpu: bool = False) -> dict[BatchShape, int]:
    """Return the members a program for each lane: no more than there are, a power of 2.

    On processors a stack of 8 is as fast as any; up to 16 members are better split by 4, for more
    of them find a processor and stopped ones leave sooner.
    """
    widths = {}
    lanes = [member.batch_shape for member in members]
    for batch_shape in sorted(set(lanes)):
        count = lanes.count(batch_shape)
        widest = WIDEST_ON_GPU if on_gpu else 8 if count > 16 else 4
        widths[batch_shape] = min(widest, _power_of_two(count))
    return widths


def _picks(rows: Sequence[NDArray[np.integer]], width: int, length: int) -> RowSelection:
    """Return row numbers padded to (width, length); a place without a member picks nothing."""
    numbers, count = np.zeros((width, length), np.int32), np.zeros(width, np.int32)
    for place, picked in enumerate(rows):
        numbers[place, : len(picked)] = picked
        count[place] = len(picked)
    return RowSelection(tf.constant(numbers), tf.constant(count))


def _padded(values: ArrayLike, shape: tuple[int, ...], kind: type = np.float32) -> Any:
    """Return `values` in the corner of a tensor of zeros."""
    known = np.asarray(values)
    padded: NDArray[Any] = np.zeros(shape, kind)
    padded[tuple(slice(size) for size in known.shape)] = known
    return tf.constant(padded)


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()
