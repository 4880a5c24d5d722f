"""Members, and the groups of them that one compiled program trains together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from volcast.models.backend import tf
from volcast.models.engine.epoch_data import EpochSettings, Evaluation, RowSelection, Table
from volcast.models.engine.epoch_program import EVALUATION_ROWS, EpochProgram
from volcast.models.engine.rows import round_up_to_power_of_two
from volcast.models.engine.stacked_network import Weights, flatten_weights

WIDEST_ON_GPU = 128  # members; with fewer a GPU is idle
SHUFFLE_STREAM, DROPOUT_STREAM = 1, 2  # of a member's seed, besides that of its initial weights

Float = NDArray[np.float64]
BatchShape = tuple[int, int]  # rows per step, and steps per epoch


@dataclass(frozen=True)
class Member:
    """One network: its seed, its settings, and the rows that it trains and stops on.

    `training` and `validation` are row numbers; a bootstrap sample repeats some of them. With
    `row_keys`, a number for each row of `training` that depends on its content only, the random
    order of an epoch does not depend on the row numbers: a row more or less leaves the others in
    their order, and the network nearly as it was.
    """

    seed: int
    training: NDArray[np.integer]
    validation: NDArray[np.integer]
    learning_rate: float = 1e-3
    batch_size: int = 32
    weight_decay: float = 0.0
    row_keys: NDArray[np.uint64] | None = None

    @property
    def batch_shape(self) -> BatchShape:
        """Rows per step and steps per epoch, equal in a group; the last batch may be shorter.

        Examples
        --------
        >>> Member(0, np.arange(100), np.arange(100, 120), batch_size=32).batch_shape
        (32, 4)
        """
        rows = min(self.batch_size, round_up_to_power_of_two(len(self.training)))
        return rows, -(-len(self.training) // rows)


def _mix_bits(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return numbers that look random: the finalizer of SplitMix64 (Steele et al. 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _argsort(numbers: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the places in ascending order, equal numbers in the order of their places.

    The sort that does not keep this order takes a fifth of the time; few numbers are ever equal.
    """
    places = np.argsort(numbers)
    ordered = numbers[places]
    if (ordered[1:] == ordered[:-1]).any():
        return np.argsort(numbers, kind="stable")
    return places


def uses_weight_decay(members: Sequence[Member]) -> bool:
    """Return whether the weights of any member decay; the compiled program depends on it."""
    return any(member.weight_decay > 0 for member in members)


@dataclass
class ActiveMember:
    """A member in training: its row of the program's state, and its own random streams."""

    number: int
    member: Member
    state: NDArray[np.float32]
    steps_done: int = 0
    shuffle: np.random.Generator = field(init=False)
    dropout_seed: int = field(init=False)

    def __post_init__(self) -> None:
        """Seed the streams."""
        self.shuffle = np.random.default_rng([self.member.seed, SHUFFLE_STREAM])
        words = np.random.SeedSequence([self.member.seed, DROPOUT_STREAM]).generate_state(1)
        self.dropout_seed = int(words.view(np.int32)[0])

    def draw_order(self) -> NDArray[np.integer]:
        """Return the training rows in the random order of the next epoch."""
        rows, keys = self.member.training, self.member.row_keys
        if keys is None:
            return self.shuffle.permutation(rows)
        salt = self.shuffle.integers(0, 2**64, dtype=np.uint64)
        return rows[_argsort(_mix_bits(keys ^ salt))]


def activate_members(
    members: Sequence[Member], program: EpochProgram, weights: Weights
) -> list[ActiveMember]:
    """Return the members with the state from which they start: weights and a new optimizer."""
    states = program.build_initial_state(flatten_weights(weights))
    pairs = enumerate(zip(members, states, strict=True))
    return [ActiveMember(number, *pair) for number, pair in pairs]


@dataclass(frozen=True)
class Group:
    """Up to `width` members of one batch shape, and the program that trains them.

    What is the same in each epoch is computed once a group.
    """

    active_members: list[ActiveMember]
    program: EpochProgram
    table: Table

    def train_epoch(self, rates: Float) -> tuple[Float, Evaluation]:
        """Train an epoch at `rates` (members, steps); return train loss and validation result.

        The train loss (members,) is the mean over the epoch's steps, each before it is taken, as
        in Keras's `fit`.
        """
        orders = [active.draw_order() for active in self.active_members]
        step_losses, evaluation = self.train_in_order(orders, rates)
        counts = np.array([len(order) for order in orders])
        batch, steps = self.active_members[0].member.batch_shape
        sizes = np.clip(counts - batch * np.arange(steps)[:, None], 0, batch)
        return (sizes * step_losses).sum(axis=0) / counts, evaluation

    def train_in_order(
        self, orders: Sequence[NDArray[np.integer]], rates: Float
    ) -> tuple[Float, Evaluation]:
        """Train an epoch on rows in the given orders, one step for each of `rates`.

        Returns the losses (steps, members), each before its step is taken, and the validation
        result after the last one. `rates` is (members, steps).
        """
        step_losses, evaluation = self._run(orders, self._validation, rates)
        steps = rates.shape[1]
        for active in self.active_members:
            active.steps_done += steps
        return step_losses[:steps], evaluation

    def evaluate(self, numbers: Sequence[NDArray[np.integer]]) -> Evaluation:
        """Return the evaluation of each member on its row numbers, without training."""
        no_rows = [np.empty(0, np.int32)] * len(self.active_members)
        return self._run(no_rows, self._select_held_out(numbers), np.zeros((len(numbers), 1)))[1]

    @cached_property
    def _validation(self) -> RowSelection:
        return self._select_held_out([active.member.validation for active in self.active_members])

    def _select_held_out(self, numbers: Sequence[NDArray[np.integer]]) -> RowSelection:
        length = -(-self._table_rows // EVALUATION_ROWS) * EVALUATION_ROWS
        return _select(numbers, self.program.shape.width, length)

    @property
    def _table_rows(self) -> int:
        return int(self.table.inputs.shape[0])

    def _run(
        self,
        training: Sequence[NDArray[np.integer]],
        validation: RowSelection,
        rates: Float,
    ) -> tuple[Float, Evaluation]:
        width, batch = self.program.shape.width, self.program.shape.batch_size
        steps = -(-self._table_rows // batch)
        selections = _select(training, width, steps * batch), validation
        settings = self._build_settings(rates, steps)
        states = np.stack([active.state for active in self.active_members])
        state = _pad(states, (width, states.shape[1]))
        states, step_losses, evaluation = self.program.run(state, self.table, selections, settings)
        for active, row in zip(self.active_members, states, strict=False):
            active.state = row
        n = len(self.active_members)
        return (
            step_losses[:, :n].astype(np.float64),
            Evaluation(*(part[:n].astype(np.float64) for part in evaluation)),
        )

    def _build_settings(self, rates: Float, steps: int) -> EpochSettings:
        decay, seed = self._constants
        return EpochSettings(
            rate=_pad(rates, (self.program.shape.width, steps)),
            decay=decay,
            seed=seed,
            done=tf.constant(self.active_members[0].steps_done),
        )

    @cached_property
    def _constants(self) -> tuple[Any, Any]:
        """Return the weight decay and the dropout seed of each position, (width,)."""
        width, members = self.program.shape.width, self.active_members
        decay = _pad([active.member.weight_decay for active in members], (width,))
        return decay, _pad([active.dropout_seed for active in members], (width,), np.int32)


def pack_groups(
    active_members: Sequence[ActiveMember], widths: dict[BatchShape, int]
) -> list[list[ActiveMember]]:
    """Return the smallest number of groups of one batch shape each, the shapes in turn."""
    groups = []
    ordered = sorted(active_members, key=lambda active: (active.member.batch_shape, active.number))
    for batch_shape, some in groupby(ordered, key=lambda active: active.member.batch_shape):
        alike, width = list(some), widths[batch_shape]
        parts = [alike[start : start + width] for start in range(0, len(alike), width)]
        groups += list(enumerate(parts))
    return [group for _, group in sorted(groups, key=itemgetter(0))]


def choose_widths(members: Sequence[Member], *, on_gpu: bool = False) -> dict[BatchShape, int]:
    """Return the number of members per program for each batch shape, a power of 2.

    It is at most the number of members, rounded up. On a CPU a stack of 8 is as fast as any; up to
    16 members are better split by 4, so that more processors are used and stopped members leave
    their group sooner.
    """
    widths = {}
    shapes = [member.batch_shape for member in members]
    for batch_shape in sorted(set(shapes)):
        count = shapes.count(batch_shape)
        widest = WIDEST_ON_GPU if on_gpu else 8 if count > 16 else 4
        widths[batch_shape] = min(widest, round_up_to_power_of_two(count))
    return widths


def _select(rows: Sequence[NDArray[np.integer]], width: int, length: int) -> RowSelection:
    """Return row numbers padded to (width, length); a position without a member selects none."""
    numbers, count = np.zeros((width, length), np.int32), np.zeros(width, np.int32)
    for position, selected in enumerate(rows):
        numbers[position, : len(selected)] = selected
        count[position] = len(selected)
    return RowSelection(tf.constant(numbers), tf.constant(count))


def _pad(values: ArrayLike, shape: tuple[int, ...], kind: type = np.float32) -> Any:
    """Return `values` in the first corner of a tensor of zeros."""
    array = np.asarray(values)
    padded: NDArray[Any] = np.zeros(shape, kind)
    padded[tuple(slice(size) for size in array.shape)] = array
    return tf.constant(padded)
