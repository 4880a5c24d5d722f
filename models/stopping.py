"""Early stopping of each member on its own, keeping the weights of its best epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class EarlyStopping:
    """Which members still train, and each member's best weights so far.

    Parameters
    ----------
    patience
        Epochs without a new best validation loss after which a member stops.
    val_loss
        Validation loss (members,) of the untrained weights, the first to beat.
    weights
        The untrained weights, each (members, ...).
    """

    def __init__(
        self, patience: int, val_loss: NDArray[np.floating], weights: Sequence[NDArray[np.float32]]
    ) -> None:
        self.patience = patience
        self.best_loss = np.array(val_loss, dtype=np.float64)
        self.best_weights = [weight.copy() for weight in weights]
        self.active = np.ones(len(val_loss), dtype=bool)
        self.best_epoch = np.zeros(len(val_loss), dtype=np.int64)
        self.epochs_run = np.zeros(len(val_loss), dtype=np.int64)

    def update(
        self, val_loss: NDArray[np.floating], weights: Sequence[NDArray[np.float32]]
    ) -> None:
        """Take in one epoch's validation loss (members,) and the weights after it."""
        better = self.active & (val_loss < self.best_loss)
        self.best_loss[better] = val_loss[better]
        for best, weight in zip(self.best_weights, weights, strict=True):
            best[better] = weight[better]
        self.epochs_run[self.active] += 1
        self.best_epoch[better] = self.epochs_run[better]
        waited = self.epochs_run - self.best_epoch
        self.active = self.active & (waited < self.patience) & np.isfinite(val_loss)
