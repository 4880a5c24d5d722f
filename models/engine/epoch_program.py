"""One epoch of a stack as one XLA program: a pure function, compiled once per shape.

A member is one row of the `state` matrix: its weights, then the optimizer's slots for them. The
inputs are the state, row numbers in training order and learning rates; the outputs are the new
state, the loss of each step and the validation loss. Inside, Keras's own layers, loss and optimizer
work on scratch variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volcast.models.backend import keras, tf
from volcast.models.engine.epoch_data import (
    Block,
    EpochSettings,
    Evaluation,
    RowSelection,
    Table,
)
from volcast.models.engine.losses import build_output_loss, build_row_loss
from volcast.models.engine.optimization import (
    MemberLearningRates,
    Optimization,
    build_member_optimizer,
    clip_gradient,
)
from volcast.models.engine.stacked_network import Architecture, build_stack

CACHED_PROGRAMS = 64
EVALUATION_ROWS = 512  # per member and step when a loss is only measured

_CACHE_LOCK = Lock()

TableShape = tuple[int, bool]  # rows, and whether they have weights


@dataclass(frozen=True)
class ProgramShape:
    """What the code of a program depends on; two trainings of one shape share the program."""

    architecture: Architecture
    optimization: Optimization
    width: int
    batch_size: int
    uses_weight_decay: bool


class EpochProgram:
    """The compiled epoch of one shape; any number of threads may run it.

    Keras's layers and optimizers work on variables, and only one thread at a time can use a
    variable. Each thread therefore runs the same executable on its own scratch variables.
    """

    _step_shape: tuple[int, ...] = ()  # of what a step returns for a member: its loss

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
        self._function = tf.function(self._run_epoch, jit_compile=True, autograph=False)
        self._compiled: dict[TableShape, Any] = {}
        self._idle: dict[TableShape, SimpleQueue[Any]] = {}
        self._compiling = Lock()

    def build_initial_state(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return weights (members, P), followed by the slots of a new optimizer.

        The slots of Keras's optimizers used here all start at zero.
        """
        return np.pad(weights, ((0, 0), (0, weights.shape[1] * (len(self._columns) - 1))))

    def run(
        self,
        state: Any,
        table: Table,
        selections: tuple[RowSelection, RowSelection],
        settings: EpochSettings,
    ) -> Any:
        """Train one epoch on the first selection, then evaluate on the second.

        Returns the new state, the mean loss of each step (steps, width), and the `Evaluation` of
        the second selection, as arrays. Losses are those of the data, without the L2 penalty.
        """
        arguments = (state, table, selections, settings)
        shape = int(table.inputs.shape[0]), table.weight is not None
        compiled = self._compile(shape, arguments)
        try:
            scratch = self._idle[shape].get_nowait()
        except Empty:
            scratch = _Scratch.create(compiled)
        try:
            # Flat arguments are not checked against the signature, which takes a tenth of an epoch.
            tensors = [each for each in tf.nest.flatten(arguments) if each is not None]
            found = compiled.inference_fn.call_flat(*tensors, *scratch.captures)
            state, losses, *evaluation = (each.numpy() for each in found)
            return state, losses, Evaluation(*evaluation)
        finally:
            self._idle[shape].put(scratch)

    def _compile(self, shape: TableShape, arguments: tuple[Any, ...]) -> Any:
        with self._compiling:
            if shape not in self._compiled:
                compiled = self._function.get_concrete_function(*arguments)
                compiled(*arguments)  # TensorFlow traces above, and XLA compiles here
                self._idle[shape] = SimpleQueue()
                self._compiled[shape] = compiled
        return self._compiled[shape]

    def _run_epoch(
        self,
        state: Any,
        table: Table,
        selections: tuple[RowSelection, RowSelection],
        settings: EpochSettings,
    ) -> Any:
        training, validation = selections
        self._assign(state, settings)
        batch = self.shape.batch_size
        steps = -(-tf.reduce_max(training.count) // batch)
        element_shape = (self.shape.width, *self._step_shape)
        losses = tf.TensorArray(tf.float32, settings.rate.shape[1], element_shape=element_shape)

        def step(number: Any, losses: Any) -> Any:
            self._rate.value.assign(settings.rate[:, number, None])
            loss = self._take_step(table, training, number, settings)
            return number + 1, losses.write(number, loss)

        _, losses = tf.while_loop(lambda number, _: number < steps, step, (0, losses))
        evaluation = self._evaluate(table, validation)
        return tf.concat([v.read_value() for v in self._columns], 1), losses.stack(), evaluation

    def _assign(self, state: Any, settings: EpochSettings) -> None:
        for variable, part in zip(
            self._columns, tf.split(state, len(self._columns), axis=1), strict=True
        ):
            variable.assign(part)
        self._optimizer.iterations.assign(settings.done)
        if self._decay is not None:
            self._decay.assign(settings.decay[:, None])

    def _take_step(
        self, table: Table, selection: RowSelection, number: Any, settings: EpochSettings
    ) -> Any:
        """Take one optimizer step on each member's next batch; return the losses before it."""
        loss, gradient = self._compute_gradient(table, selection, number, settings)
        bounded = clip_gradient(gradient, self.shape.optimization.clipping, self._sizes)
        self._optimizer.apply([bounded], [self._weights])
        return loss

    def _compute_gradient(
        self, table: Table, selection: RowSelection, number: Any, settings: EpochSettings
    ) -> Any:
        """Return the loss of each member's next batch, (width,), and its gradient, (width, P)."""
        keys = self._build_dropout_keys(settings.seed)
        with tf.GradientTape() as tape:
            block = self._run_block(table, selection, number * self.shape.batch_size, keys)
            values = self._loss(block.truth, block.anchor + block.correction)
            rows = tf.maximum(tf.reduce_sum(block.valid, 1), 1.0)
            loss = tf.reduce_sum(values * block.weight, 1) / rows
            total = tf.reduce_sum(loss)  # a sum leaves members independent of each other
            if self.shape.optimization.l2 > 0:
                total += self._compute_penalty()
        return loss, tape.gradient(total, self._weights.value)

    def _evaluate(self, table: Table, selection: RowSelection) -> Evaluation:
        """Return the evaluation of each member's selection, without training."""
        last = tf.reduce_max(selection.count)

        def evaluate_block(start: Any, so_far: Evaluation) -> Any:
            block = self._run_block(table, selection, start)
            losses = self._loss_by_output(block.truth, block.anchor + block.correction)
            losses *= block.weight[..., None]
            counts = block.valid[..., None] > 0
            low = tf.reduce_min(tf.where(counts, block.correction, np.inf), axis=1)
            high = tf.reduce_max(tf.where(counts, block.correction, -np.inf), axis=1)
            return start + EVALUATION_ROWS, Evaluation(
                so_far.loss + tf.reduce_sum(losses, axis=1),
                tf.minimum(so_far.low, low),
                tf.maximum(so_far.high, high),
            )

        size = [self.shape.width, self.shape.architecture.outputs]
        start = Evaluation(*(tf.fill(size, np.float32(x)) for x in (0.0, np.inf, -np.inf)))
        _, total = tf.while_loop(lambda start, _: start < last, evaluate_block, (0, start))
        rows = tf.cast(selection.count, tf.float32)[:, None]
        return Evaluation(total.loss / rows, total.low, total.high)

    def _run_block(
        self, table: Table, selection: RowSelection, start: Any, keys: Any = None
    ) -> Block:
        """Return the rows of a block; `keys` of the dropout layers are given in training."""
        training = keys is not None
        rows = self.shape.batch_size if training else EVALUATION_ROWS
        numbers = tf.slice(selection.rows, [0, start], [self.shape.width, rows])
        valid = tf.cast((start + tf.range(rows))[None] < selection.count[:, None], tf.float32)
        weight = valid if table.weight is None else valid * tf.gather(table.weight, numbers)
        inputs, anchor, target = (tf.gather(column, numbers) for column in table[:3])
        fixed = keys if training else [v.value for v in self._stack.non_trainable_variables]
        correction, _ = self._stack.stateless_call(
            self._split_weights(), fixed, inputs, training=training
        )
        return Block(target, anchor, correction, valid, weight)

    def _split_weights(self) -> list[Any]:
        """Return the kernels and biases, (width, ...), of the matrix of weights."""
        parts = tf.split(self._weights.value, self._sizes, axis=1)
        return [
            tf.reshape(part, (self.shape.width, *size))
            for part, size in zip(parts, self._layers, strict=True)
        ]

    def _build_dropout_keys(self, seed: Any) -> list[Any]:
        """Return a key for each dropout layer, (width, 2): each member's seed, then the step."""
        layers = len(self._stack.non_trainable_variables)
        step = tf.cast(self._optimizer.iterations.value, tf.int32)
        return [
            tf.stack([seed, tf.fill([self.shape.width], step * layers + layer)], axis=1)
            for layer in range(layers)
        ]

    def _compute_penalty(self) -> Any:
        kernels = self._split_weights()[::2]
        return self.shape.optimization.l2 * tf.add_n([tf.reduce_sum(tf.square(k)) for k in kernels])


class _Scratch(NamedTuple):
    """Variables on which one thread runs a compiled function, and how the function takes them."""

    variables: list[Any]  # kept alive for the captures
    captures: list[Any]

    @classmethod
    def create(cls, compiled: Any) -> _Scratch:
        """Return new variables for a compiled function."""
        variables = [tf.Variable(variable) for variable in compiled.variables]
        pairs = zip(compiled.variables, variables, strict=True)
        handles = {id(old.handle): new.handle for old, new in pairs}
        return cls(variables, [handles[id(each)] for each in compiled.captured_inputs])


def get_program(shape: ProgramShape) -> EpochProgram:
    """Return the program of this shape, from the cache if it has been compiled before."""
    with _CACHE_LOCK:
        return _build_program(shape)


@lru_cache(maxsize=CACHED_PROGRAMS)
def _build_program(shape: ProgramShape) -> EpochProgram:
    return EpochProgram(shape)
