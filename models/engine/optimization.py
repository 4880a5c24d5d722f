"""What a training minimises and by which steps: Keras's optimizers, with settings a member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from volcast.models.backend import keras, tf
from volcast.models.engine.losses import Loss
from volcast.models.training_options import OPTIMIZERS

TINY = 1e-30  # keeps the norm of nothing off zero


@dataclass(frozen=True)
class Clipping:
    """A bound on each member's gradient: on every entry, on each weight's norm, or on all's."""

    by: Literal["value", "norm", "global_norm"]
    at: float


@dataclass(frozen=True)
class Optimization:
    """How to train: what two trainings must have in common to share a compiled program."""

    optimizer: str = "adam"
    loss: str | Loss = "qlike"
    l2: float = 0.0
    clipping: Clipping | None = None


class MemberLearningRates(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate (members, 1), which broadcasts over weights; the program assigns it."""

    def __init__(self, members: int) -> None:
        self.value = tf.Variable(tf.zeros([members, 1]), trainable=False)

    def __call__(self, step: Any) -> Any:
        """Return the rate of the current step."""
        return self.value.read_value()

    def get_config(self) -> dict[str, Any]:
        """Return what builds it again."""
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
    """Bound each member's row of the gradient (members, P), whatever its neighbours do.

    `sizes` are the columns of each kernel and bias.
    """
    if clipping is None:
        return gradient
    if clipping.by == "value":
        return tf.clip_by_value(gradient, -clipping.at, clipping.at)
    parts = [gradient] if clipping.by == "global_norm" else tf.split(gradient, sizes, axis=1)
    return tf.concat([_bounded(part, clipping.at) for part in parts], axis=1)


def _bounded(rows: Any, norm: float) -> Any:
    """Scale rows down to a norm; a row of zeros stays what it is."""
    square = tf.reduce_sum(tf.square(rows), axis=1, keepdims=True)
    return rows * tf.minimum(1.0, norm * tf.math.rsqrt(tf.maximum(square, TINY)))
