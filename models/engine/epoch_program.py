"""One epoch of a stack as one XLA program: a pure function of numbers, compiled once a shape.

A member is one row of the `state` matrix: its weights, then the optimizer's slots for them. State,
row numbers in training order and learning rates go in; state, the loss of each step and the
validation loss come out. Inside, Keras's own layers, loss and optimizer do the work on variables
that serve as scratch.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volcast.models.backend import keras, tf
from volcast.models.engine.losses import build_output_loss, build_row_loss
from volcast.models.engine.optimization import (
    MemberLearningRates,
    Optimization,
    build_member_optimizer,
    clip_gradient,
)
from volcast.models.engine.stacked_network import Architecture, build_stack

PROGRAMS_KEPT = 16  # shapes that stay in memory
EVALUATION_ROWS = 512  # rows a member and step when a loss is only measured

_ASKING = Lock()


@dataclass(frozen=True)
class ProgramShape:
    """What the code of a program depends on; `uses_weight_decay` says whether weights decay at all."""

    architecture: Architecture
    optimization: Optimization
    width: int
    batch_size: int
    uses_weight_decay: bool


class Table(NamedTuple):
    """The rows, stored once: `inputs` (n, F), `anchor` and `target` (n, H), float32 tensors."""

    inputs: Any
    anchor: Any
    target: Any


class RowSelection(NamedTuple):
    """Row numbers of each member, (width, n) of int32; the first `count` (width,) count."""

    rows: Any
    count: Any


class Evaluation(NamedTuple):
    """What is measured without training, by output (width, H).

    The mean `loss`, and the smallest and the largest correction, `low` and `high`, of the rows.
    """

    loss: Any
    low: Any
    high: Any


class EpochSettings(NamedTuple):
    """Learning rate (width, steps), weight decay (width,), dropout seed (width,), steps so far."""

    rate: Any
    decay: Any
    seed: Any
    done: Any


class EpochProgram:
    """The compiled epoch of one shape; any number of threads may run it.

    Keras's layers and optimizers work on variables, and a variable serves one thread at a time. So
    each thread runs the one executable on a scratch set of variables of its own.
    """

    _told: tuple[int, ...] = ()  # the shape of what a step tells of a member: its loss

    def __init__(self, shape: ProgramShape) -> None:
        self.shape = shape
        self._stack = build_stack(shape.architecture, shape.width)
        self._layers = shape.architecture.shapes()
        self._sizes = [int(np.prod(size)) for size in self._layers]
        self._weights = keras.Variable(np.zeros((shape.width, sum(self._sizes)), np.float32))
        self._rate = MemberLearningRates(shape.width)
        self._decay = tf.Variable(tf.zeros([shape.width, 1])) if shape.uses_weight_decay else None
        self._optimizer = build_member_optimizer(
            shape.optimization.optimizer, self._rate, self._decay, self._weights
        )
        self._loss = build_row_loss(shape.optimization.loss)
        self._loss_by_output = build_output_loss(self._loss, shape.architecture.outputs)
        slots = [v for v in self._optimizer.variables if v is not self._optimizer.iterations]
        self._columns = [v.value for v in (self._weights, *slots)]
        self._function = tf.function(self._epoch, jit_compile=True, autograph=False)
        self._compiled: dict[int, Any] = {}  # by rows in the table
        self._idle: dict[int, SimpleQueue[Any]] = {}
        self._compiling = Lock()

    def initial_state(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what (members, P) weights start from: they, and slots of a new optimizer.

        The slots of Keras's optimizers here all begin at zero.
        """
        return np.pad(weights, ((0, 0), (0, weights.shape[1] * (len(self._columns) - 1))))

    def run(
        self,
        state: Any,
        table: Table,
        picks: tuple[RowSelection, RowSelection],
        settings: EpochSettings,
    ) -> Any:
        """Train one epoch on the first picks, then measure on the second ones.

        Returns the new state, the mean loss of each step (steps, width), and the `Evaluation` of the
        second picks, as arrays. Losses are those of the data; the L2 penalty is not in them.
        """
        arguments = (state, table, picks, settings)
        rows = int(table.inputs.shape[0])
        compiled = self._compiled_for(rows, arguments)
        try:
            function = self._idle[rows].get_nowait()
        except Empty:
            function = _on_own_variables(compiled)
        try:
            state, losses, measure = function(*arguments)
            return state.numpy(), losses.numpy(), Evaluation(*(part.numpy() for part in measure))
        finally:
            self._idle[rows].put(function)

    def _compiled_for(self, rows: int, arguments: tuple[Any, ...]) -> Any:
        with self._compiling:
            if rows not in self._compiled:
                compiled = self._function.get_concrete_function(*arguments)
                compiled(*arguments)  # TensorFlow traces above, and XLA compiles here
                self._idle[rows] = SimpleQueue()
                self._compiled[rows] = compiled
        return self._compiled[rows]

    def _epoch(
        self,
        state: Any,
        table: Table,
        picks: tuple[RowSelection, RowSelection],
        given: EpochSettings,
    ) -> Any:
        training, validation = picks
        self._assign(state, given)
        batch = self.shape.batch_size
        steps = -(-tf.reduce_max(training.count) // batch)
        told = (self.shape.width, *self._told)
        losses = tf.TensorArray(tf.float32, given.rate.shape[1], element_shape=told)

        def step(number: Any, losses: Any) -> Any:
            self._rate.value.assign(given.rate[:, number, None])
            loss = self._step(table, training, number, given)
            return number + 1, losses.write(number, loss)

        _, losses = tf.while_loop(lambda number, _: number < steps, step, (0, losses))
        measure = self._measure(table, validation)
        return tf.concat([v.read_value() for v in self._columns], 1), losses.stack(), measure

    def _assign(self, state: Any, given: EpochSettings) -> None:
        for variable, part in zip(
            self._columns, tf.split(state, len(self._columns), axis=1), strict=True
        ):
            variable.assign(part)
        self._optimizer.iterations.assign(given.done)
        if self._decay is not None:
            self._decay.assign(given.decay[:, None])

    def _step(self, table: Table, picks: RowSelection, number: Any, given: EpochSettings) -> Any:
        """Take one step of the optimizer on each member's next batch; return the losses before."""
        loss, gradient = self._gradient(table, picks, number, given)
        bounded = clip_gradient(gradient, self.shape.optimization.clipping, self._sizes)
        self._optimizer.apply([bounded], [self._weights])
        return loss

    def _gradient(
        self, table: Table, picks: RowSelection, number: Any, given: EpochSettings
    ) -> Any:
        """Return the loss of each member's next batch, (width,), and its gradient, (width, P)."""
        keys = self._dropout_keys(given.seed)
        with tf.GradientTape() as tape:
            truth, anchor, correction, weight = self._block(
                table, picks, number * self.shape.batch_size, keys
            )
            values = self._loss(truth, anchor + correction)
            loss = tf.reduce_sum(values * weight, 1) / tf.maximum(tf.reduce_sum(weight, 1), 1.0)
            total = tf.reduce_sum(loss)  # a sum leaves members independent of each other
            if self.shape.optimization.l2 > 0:
                total += self._penalty()
        return loss, tape.gradient(total, self._weights.value)

    def _measure(self, table: Table, picks: RowSelection) -> Evaluation:
        """Return the measure of each member's picks, without training."""
        last = tf.reduce_max(picks.count)

        def block(start: Any, so_far: Evaluation) -> Any:
            truth, anchor, correction, weight = self._block(table, picks, start)
            losses = self._loss_by_output(truth, anchor + correction) * weight[..., None]
            counts = weight[..., None] > 0
            low = tf.reduce_min(tf.where(counts, correction, np.inf), axis=1)
            high = tf.reduce_max(tf.where(counts, correction, -np.inf), axis=1)
            return start + EVALUATION_ROWS, Evaluation(
                so_far.loss + tf.reduce_sum(losses, axis=1),
                tf.minimum(so_far.low, low),
                tf.maximum(so_far.high, high),
            )

        size = [self.shape.width, self.shape.architecture.outputs]
        start = Evaluation(*(tf.fill(size, np.float32(x)) for x in (0.0, np.inf, -np.inf)))
        _, total = tf.while_loop(lambda start, _: start < last, block, (0, start))
        rows = tf.cast(picks.count, tf.float32)[:, None]
        return Evaluation(total.loss / rows, total.low, total.high)

    def _block(self, table: Table, picks: RowSelection, start: Any, keys: Any = None) -> Any:
        """Return truth, anchor, correction (width, rows, H) of a block, and 1 where a pick counts.

        `keys` of the dropout layers are given in training. The last batch is the shorter one:
        beyond the count, rows weigh nothing.
        """
        training = keys is not None
        rows = self.shape.batch_size if training else EVALUATION_ROWS
        taken = tf.slice(picks.rows, [0, start], [self.shape.width, rows])
        weight = tf.cast((start + tf.range(rows))[None] < picks.count[:, None], tf.float32)
        inputs, anchor, target = (tf.gather(column, taken) for column in table)
        fixed = keys if training else [v.value for v in self._stack.non_trainable_variables]
        correction, _ = self._stack.stateless_call(
            self._layer_weights(), fixed, inputs, training=training
        )
        return target, anchor, correction, weight

    def _layer_weights(self) -> list[Any]:
        """Return the kernels and biases, (width, ...), that the matrix of weights holds."""
        parts = tf.split(self._weights.value, self._sizes, axis=1)
        return [
            tf.reshape(part, (self.shape.width, *size))
            for part, size in zip(parts, self._layers, strict=True)
        ]

    def _dropout_keys(self, seed: Any) -> list[Any]:
        """Return a key for each dropout layer, (width, 2): each member's seed, then the step."""
        layers = len(self._stack.non_trainable_variables)
        step = tf.cast(self._optimizer.iterations.value, tf.int32)
        return [
            tf.stack([seed, tf.fill([self.shape.width], step * layers + layer)], axis=1)
            for layer in range(layers)
        ]

    def _penalty(self) -> Any:
        kernels = self._layer_weights()[::2]
        return self.shape.optimization.l2 * tf.add_n([tf.reduce_sum(tf.square(k)) for k in kernels])


def _on_own_variables(compiled: Any) -> Any:
    """Return a compiled function on new variables; the executable is shared."""
    own = copy(compiled)
    variables = [tf.Variable(variable) for variable in compiled.variables]
    by_handle = {id(v.handle): new for v, new in zip(compiled.variables, variables, strict=True)}
    own.set_external_captures([by_handle[id(handle)].handle for handle in compiled.captured_inputs])
    own.scratch = variables  # a function does not keep its captures alive
    return own


def program(shape: ProgramShape) -> EpochProgram:
    """Return the program of this shape, compiled once and kept for the next who asks."""
    with _ASKING:
        return _kept(shape)


@lru_cache(maxsize=PROGRAMS_KEPT)
def _kept(shape: ProgramShape) -> EpochProgram:
    return EpochProgram(shape)
