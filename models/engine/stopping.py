"""Early stopping of each member on its own, keeping the weights of its best epoch."""

from __future__ import annotations

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
        The untrained weights, a row a member.
    """

    def __init__(
        self, patience: int, val_loss: NDArray[np.floating], weights: NDArray[np.float32]
    ) -> None:
        self.patience = patience
        self.best_loss = np.array(val_loss, dtype=np.float64)
        self.best_weights = weights.copy()
        self.active = np.ones(len(val_loss), dtype=bool)
        self.diverged = np.zeros(len(val_loss), dtype=bool)
        self.best_epoch = np.zeros(len(val_loss), dtype=np.int64)
        self.epochs_run = np.zeros(len(val_loss), dtype=np.int64)

    def update(
        self,
        train_loss: NDArray[np.floating],
        val_loss: NDArray[np.floating],
        weights: NDArray[np.float32],
    ) -> None:
        """Take in one epoch's losses (members,) and the weights after it.

        A member diverges, and trains no more, when either loss is not a finite number.
        """
        finite = np.isfinite(train_loss) & np.isfinite(val_loss)
        better = self.active & finite & (val_loss < self.best_loss)
        self.best_loss[better] = val_loss[better]
        self.best_weights[better] = weights[better]
        self.epochs_run[self.active] += 1
        self.best_epoch[better] = self.epochs_run[better]
        self.diverged |= self.active & ~finite
        waited = self.epochs_run - self.best_epoch
        self.active = self.active & finite & (waited < self.patience)
