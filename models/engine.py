"""The training engine: one compiled program an epoch trains all members of a stack.

`keras.Model.fit` spends nearly all its time between the steps of networks as small as these. Here
the loop over the batches is inside one XLA program: the order of the rows goes in, the loss of each
step and the validation loss come out. Layers, optimizers and their state are Keras's own.

Rows are padded to a bucket and their true number is an input, so that the folds of a walk-forward
share a program instead of compiling one each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.backend import keras, tf
from models.losses import LOSSES
from models.stack import Architecture, build_stack, initial_weights
from models.stopping import EarlyStopping

EVALUATION_ROWS = 512  # rows a step when a loss is only measured
SMALLEST_BUCKET = 16_384  # rows; padding costs memory alone, compiling costs seconds
PROGRAMS_KEPT = 8  # compiled stacks that stay in memory
SHUFFLE_STREAM = 1  # keeps the shuffling apart from the draws of the initial weights

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "adam": keras.optimizers.Adam,
    "adamw": lambda: keras.optimizers.AdamW(weight_decay=1e-3),
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
    "momentum": lambda: keras.optimizers.SGD(momentum=0.9),
    "nesterov": lambda: keras.optimizers.SGD(momentum=0.9, nesterov=True),
}

OnEpoch = Callable[[int, float, float], None]  # epoch, median train loss, median validation loss


@dataclass(frozen=True)
class Recipe:
    """How to train: what two trainings must have in common to share a compiled program."""

    optimizer: str
    loss: str
    batch_size: int
    l2: float
    clip_norm: float | None


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train: what may change without compiling again."""

    learning_rate: float
    epochs: int
    patience: int


@dataclass(frozen=True)
class Rows:
    """Rows of the log-variance problem: `inputs` (n, F), `anchor` and `target` (n, H), float32."""

    inputs: NDArray[np.float32]
    anchor: NDArray[np.float32]
    target: NDArray[np.float32]

    def __len__(self) -> int:
        """Return n."""
        return len(self.inputs)

    def padded(self) -> tuple[Any, ...]:
        """Return inputs, anchor and target as tensors of a bucket of rows (a power of 2), and n."""
        bucket = max(SMALLEST_BUCKET, 1 << (len(self) - 1).bit_length())
        room = ((0, bucket - len(self)), (0, 0))
        arrays = (self.inputs, self.anchor, self.target)
        return (*(tf.constant(np.pad(array, room)) for array in arrays), tf.constant(len(self)))


@dataclass(frozen=True)
class Trained:
    """Each member's best weights, and its curves (epochs + 1, members).

    Row 0 of the curves is the untrained network; NaN stands where a member had stopped.
    """

    weights: list[NDArray[np.float32]]
    best_epoch: NDArray[np.int64]
    epochs_run: NDArray[np.int64]
    train_loss: NDArray[np.float64]
    val_loss: NDArray[np.float64]


class Trainer:
    """A compiled stack of networks; `train` may be called for any number of data sets."""

    def __init__(self, architecture: Architecture, recipe: Recipe) -> None:
        self.members = architecture.members
        self.batch_size = recipe.batch_size
        self.recipe = recipe
        self.model = build_stack(architecture)
        self.optimizer = OPTIMIZERS[recipe.optimizer]()
        self.optimizer.build(self.model.trainable_variables)
        self._fresh_optimizer = [variable.numpy() for variable in self.optimizer.variables]
        self._epoch = tf.function(self._run_epoch, jit_compile=True)
        self._one_at_a_time = Lock()  # the weights are shared by whoever trains this shape

    def train(
        self,
        training: Rows,
        validation: Rows,
        schedule: Schedule,
        *,
        seeds: Sequence[int],
        on_epoch: OnEpoch | None = None,
    ) -> Trained:
        """Train from fresh weights until every member's early stop; return the best weights.

        A member stops when its validation loss has not improved for `patience` epochs, or is no
        longer finite. Each member starts and shuffles by its own seed.
        """
        with self._one_at_a_time:
            return self._train(training, validation, schedule, seeds, on_epoch)

    def _train(
        self,
        training: Rows,
        validation: Rows,
        schedule: Schedule,
        seeds: Sequence[int],
        on_epoch: OnEpoch | None,
    ) -> Trained:
        self._reset(seeds, schedule.learning_rate)
        shuffles = [np.random.default_rng([seed, SHUFFLE_STREAM]) for seed in seeds]
        rows, held_out = training.padded(), validation.padded()
        start = [self._untrained_loss(part) for part in (training, validation)]
        stopping = EarlyStopping(schedule.patience, start[1], self._weights())
        curves = [start]
        for epoch in range(1, schedule.epochs + 1):
            order = self._order(shuffles, len(training), len(rows[0]))
            step_losses, val_losses = self._epoch(rows, held_out, order)
            losses = [self._epoch_mean(step_losses.numpy(), len(training)), val_losses.numpy()]
            running = stopping.active
            curves.append([np.where(running, loss, np.nan) for loss in losses])
            stopping.update(losses[1], self._weights())
            if on_epoch is not None:
                on_epoch(epoch, *(float(np.median(loss[running])) for loss in losses))
            if not stopping.active.any():
                break
        train_loss, val_loss = np.array(curves, dtype=np.float64).swapaxes(0, 1)
        return Trained(
            stopping.best_weights, stopping.best_epoch, stopping.epochs_run, train_loss, val_loss
        )

    def _run_epoch(self, rows: tuple[Any, ...], held_out: tuple[Any, ...], order: Any) -> Any:
        """Take one step a batch of `order` (members, rows); return step and validation losses."""
        inputs, anchor, target, count = rows
        batch = self._batch(inputs.shape[0])
        losses = tf.TensorArray(tf.float32, order.shape[1] // batch, element_shape=(self.members,))
        step = tf.constant(0)
        while step * batch < count:  # not tf.range, which would compile anew for each count
            taken = tf.slice(order, [0, step * batch], [self.members, batch])
            weight = self._weight(step * batch, batch, count)
            with tf.GradientTape() as tape:
                part = [tf.gather(x, taken) for x in (inputs, anchor, target)]
                loss = self._loss(part, weight, training=True)
                total = tf.reduce_sum(loss) + self._penalty()
            gradients = tape.gradient(total, self.model.trainable_variables)
            self.optimizer.apply_gradients(
                zip(self._clipped(gradients), self.model.trainable_variables, strict=True)
            )
            losses = losses.write(step, loss)
            step += 1
        return losses.stack(), self._mean_loss(*held_out)

    def _mean_loss(self, inputs: Any, anchor: Any, target: Any, count: Any) -> Any:
        """Return each member's mean loss over the first `count` rows, without training."""
        total, start = tf.zeros([self.members]), tf.constant(0)
        while start < count:
            weight = self._weight(start, EVALUATION_ROWS, count)
            block = [self._block(x, start) for x in (inputs, anchor, target)]
            total += self._loss(block, weight, training=False) * tf.reduce_sum(weight)
            start += EVALUATION_ROWS
        return total / tf.cast(count, tf.float32)

    def _block(self, rows: Any, start: Any) -> Any:
        """Return `EVALUATION_ROWS` rows from `start`, the same ones for each member."""
        block = tf.slice(rows, [start, 0], [EVALUATION_ROWS, rows.shape[1]])
        return tf.repeat(block[None], self.members, axis=0)

    def _untrained_loss(self, rows: Rows) -> NDArray[np.float64]:
        """Return the mean loss of the anchor, which is what an untrained network forecasts."""
        loss = LOSSES[self.recipe.loss](rows.target, rows.anchor).numpy().mean(dtype=np.float64)
        return np.full(self.members, loss)

    def _loss(self, batch: list[Any], weight: Any, *, training: bool) -> Any:
        """Return each member's mean loss over inputs, anchor and target (members, rows, ...)."""
        inputs, anchor, target = batch
        forecast = anchor + self.model(inputs, training=training)
        values = tf.reduce_mean(LOSSES[self.recipe.loss](target, forecast), axis=2)
        return tf.reduce_sum(values * weight, axis=1) / tf.reduce_sum(weight)

    @staticmethod
    def _weight(start: Any, rows: int, count: Any) -> Any:
        """Return 1 for rows that exist and 0 for padding; the last batch is the shorter one."""
        return tf.cast(start + tf.range(rows) < count, tf.float32)

    def _penalty(self) -> Any:
        kernels = [v for v in self.model.trainable_variables if v.name == "kernel"]
        return self.recipe.l2 * tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])

    def _clipped(self, gradients: list[Any]) -> list[Any]:
        """Scale each member's gradients down to `clip_norm`, whatever its neighbours do."""
        if self.recipe.clip_norm is None:
            return gradients
        squares = tf.add_n([tf.reduce_sum(tf.square(g), (1, 2), keepdims=True) for g in gradients])
        scale = tf.minimum(1.0, self.recipe.clip_norm * tf.math.rsqrt(squares + 1e-12))
        return [gradient * scale for gradient in gradients]

    def _order(self, shuffles: list[np.random.Generator], count: int, bucket: int) -> Any:
        """Return each member's shuffled row numbers, padded to whole batches of the bucket."""
        width = -(-bucket // self._batch(bucket)) * self._batch(bucket)
        order = np.zeros((self.members, width), np.int32)
        for member, generator in enumerate(shuffles):
            order[member, :count] = generator.permutation(count)
        return tf.constant(order)

    def _batch(self, bucket: int) -> int:
        """Return the rows of a step: no more than there can be, however large the batch size."""
        return min(self.batch_size, bucket)

    def _epoch_mean(self, step_losses: NDArray[np.float32], count: int) -> NDArray[np.float64]:
        sizes = np.clip(count - self.batch_size * np.arange(len(step_losses)), 0, self.batch_size)
        return np.asarray(sizes @ step_losses.astype(np.float64) / count)

    def _reset(self, seeds: Sequence[int], learning_rate: float) -> None:
        for variable, value in zip(self.optimizer.variables, self._fresh_optimizer, strict=True):
            variable.assign(value)
        self.optimizer.learning_rate = learning_rate
        self.model.set_weights(initial_weights(self.model, seeds))
        for position, state in enumerate(self.model.non_trainable_variables):  # of the dropout
            state.assign([seeds[0], position])

    def _weights(self) -> list[NDArray[np.float32]]:
        return [variable.numpy() for variable in self.model.trainable_variables]


@lru_cache(maxsize=PROGRAMS_KEPT)
def trainer(architecture: Architecture, recipe: Recipe) -> Trainer:
    """Return the compiled stack of this shape, made once."""
    return Trainer(architecture, recipe)
