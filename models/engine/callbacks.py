"""Calls Keras's epoch-level callbacks for a stack of members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.backend import keras
from volcast.models.engine.stacked_network import Architecture, Weights, build_stack, set_weights


class EpochCallbacks:
    """Calls Keras callbacks after each epoch, with logs for each member.

    The logs hold `loss` and `val_loss`, the medians over the members that trained, and the same
    with `_0`, `_1`, ... for each member, NaN once it has stopped; `learning_rate_0`, ... are the
    rates of the epoch's last step. `model` is the stack with the weights after the epoch; setting
    its `stop_training` stops all members. Callbacks are called by epoch, not by batch.
    """

    def __init__(
        self, callbacks: Sequence[Any], architecture: Architecture, members: int, epochs: int
    ) -> None:
        self.model = build_stack(architecture, members) if callbacks else None
        self._list = keras.callbacks.CallbackList(callbacks, model=self.model, epochs=epochs)

    def begin(self) -> None:
        """Call `on_train_begin`."""
        if self.model is not None:
            self.model.stop_training = False
            self.model.optimizer = None  # TensorBoard reads it; the rates are in the logs
            self._list.on_train_begin()

    def report_epoch(
        self,
        number: int,
        curves: dict[str, NDArray[np.float64]],
        weights: Callable[[], Weights],
    ) -> bool:
        """Report epoch `number`, counted from 1, with curves (members,); return whether to stop."""
        if self.model is None:
            return False
        set_weights(self.model, weights())
        logs = {name: _median(curves[name]) for name in ("loss", "val_loss")}
        for name, values in curves.items():
            logs |= {f"{name}_{member}": float(value) for member, value in enumerate(values)}
        self._list.on_epoch_begin(number - 1)
        self._list.on_epoch_end(number - 1, logs)
        return bool(self.model.stop_training)

    def end(self) -> None:
        """Call `on_train_end`."""
        if self.model is not None:
            self._list.on_train_end()


def _median(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")
