"""What a training minimises and by which steps: Keras's optimizers, with settings a member."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from models.backend import keras, tf
from models.losses import Loss

MOMENTUM = 0.9

OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=MOMENTUM),
    "nesterov": lambda rate: keras.optimizers.SGD(rate, momentum=MOMENTUM, nesterov=True),
}


@dataclass(frozen=True)
class Clipping:
    """A bound on each member's gradient: on every entry, on each weight's norm, or on all's."""

    by: Literal["value", "norm", "global_norm"]
    at: float


@dataclass(frozen=True)
class Recipe:
    """How to train: what two trainings must have in common to share a compiled program."""

    optimizer: str = "adam"
    loss: str | Loss = "qlike"
    l2: float = 0.0
    clipping: Clipping | None = None


class RateOfEachMember(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate (members, 1, 1), which broadcasts over weights; the program assigns it."""

    def __init__(self, members: int) -> None:
        self.value = tf.Variable(tf.zeros([members, 1, 1]), trainable=False)

    def __call__(self, step: Any) -> Any:
        """Return the rate of the current step."""
        return self.value.read_value()

    def get_config(self) -> dict[str, Any]:
        """Return what builds it again."""
        return {"members": self.value.shape[0]}


def make_optimizer(name: str, rate: RateOfEachMember, decay: Any, variables: list[Any]) -> Any:
    """Return Keras's optimizer, built for `variables`; `decay` (members, 1, 1), or None for none.

    Weight decay is decoupled (Loshchilov & Hutter 2019): each step takes ``rate * decay`` of each
    weight, whatever the optimizer.
    """
    optimizer = OPTIMIZERS[name](rate)
    optimizer.weight_decay = decay
    optimizer.build(variables)
    return optimizer


def clipped(gradients: list[Any], clipping: Clipping | None) -> list[Any]:
    """Bound each member's gradients (members, ...), whatever its neighbours do."""
    if clipping is None:
        return gradients
    if clipping.by == "value":
        return [tf.clip_by_value(g, -clipping.at, clipping.at) for g in gradients]
    squares = [tf.reduce_sum(tf.square(g), (1, 2), keepdims=True) for g in gradients]
    if clipping.by == "global_norm":
        squares = [tf.add_n(squares)] * len(squares)
    return [
        gradient * tf.minimum(1.0, clipping.at * tf.math.rsqrt(tf.maximum(square, TINY)))
        for gradient, square in zip(gradients, squares, strict=True)
    ]


TINY = 1e-30  # a gradient of zero stays zero
