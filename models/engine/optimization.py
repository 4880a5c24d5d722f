"""The loss, the optimizer and the gradient clipping of a training, with settings per member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from volcast.models.backend import keras, tf
from volcast.models.engine.losses import Loss
from volcast.models.training_options import OPTIMIZERS

TINY = 1e-30  # keeps the norm of a zero gradient above 0


@dataclass(frozen=True)
class Clipping:
    """A bound `at` on each member's gradient.

    `by` is a name in `volcast.models.training_options.CLIPPINGS`: "value" bounds each entry, "norm"
    the norm of each kernel and bias, "global_norm" the norm of all of them together.
    """

    by: str
    at: float


@dataclass(frozen=True)
class Optimization:
    """What two trainings must have in common, besides their shape, to share a compiled program."""

    optimizer: str = "adam"
    loss: str | Loss = "qlike"
    l2: float = 0.0
    clipping: Clipping | None = None


class MemberLearningRates(keras.optimizers.schedules.LearningRateSchedule):
    """Learning rates (members, 1), which broadcast over weights; the program assigns them."""

    def __init__(self, members: int) -> None:
        self.value = tf.Variable(tf.zeros([members, 1]), trainable=False)

    def __call__(self, step: Any) -> Any:
        """Return the rates of the current step."""
        return self.value.read_value()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"members": self.value.shape[0]}


def build_keras_optimizer(name: str, rate: Any) -> Any:
    """Return Keras's optimizer of a name in `volcast.models.training_options.OPTIMIZERS`."""
    kind, options = OPTIMIZERS[name]
    return getattr(keras.optimizers, kind)(rate, **options)


def build_member_optimizer(name: str, rate: MemberLearningRates, decay: Any, weights: Any) -> Any:
    """Return Keras's optimizer, built for `weights`; `decay` is (members, 1), or None for none.

    Weight decay is decoupled (Loshchilov & Hutter 2019): each step takes ``rate * decay`` of each
    weight, whatever the optimizer.
    """
    optimizer = build_keras_optimizer(name, rate)
    optimizer.weight_decay = decay
    optimizer.build([weights])
    return optimizer


def clip_gradient(gradient: Any, clipping: Clipping | None, sizes: list[int]) -> Any:
    """Return the gradient (members, P) with each member's row bounded on its own.

    `sizes` are the numbers of columns of each kernel and bias.
    """
    if clipping is None:
        return gradient
    if clipping.by == "value":
        return tf.clip_by_value(gradient, -clipping.at, clipping.at)
    parts = [gradient] if clipping.by == "global_norm" else tf.split(gradient, sizes, axis=1)
    return tf.concat([_clip_norm(part, clipping.at) for part in parts], axis=1)


def _clip_norm(rows: Any, norm: float) -> Any:
    """Scale rows down to a norm; a row of zeros stays zero."""
    square = tf.reduce_sum(tf.square(rows), axis=1, keepdims=True)
    return rows * tf.minimum(1.0, norm * tf.math.rsqrt(tf.maximum(square, TINY)))
