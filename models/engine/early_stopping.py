"""Early stopping by member, with the weights of each output's best epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class EarlyStopping:
    """Tracks which members still train, and the best weights so far for each output.

    Parameters
    ----------
    patience
        Epochs without a new best validation loss, of any output, after which a member stops.
    val_loss
        Validation loss (members, H) of the untrained weights.
    weights
        The untrained weights, (members, P).

    Notes
    -----
    An output whose own patience has run out keeps its best weights, even if its member continues
    to train for another output.
    """

    def __init__(
        self, patience: int, val_loss: NDArray[np.floating], weights: NDArray[np.float32]
    ) -> None:
        self.patience = patience
        self.best_loss = np.array(val_loss, dtype=np.float64)
        members, outputs = self.best_loss.shape
        self.best_weights = np.repeat(weights[:, None], outputs, axis=1)
        self.best_epoch = np.zeros((members, outputs), dtype=np.int64)
        self.epochs_run = np.zeros(members, dtype=np.int64)
        self.diverged = np.zeros(members, dtype=bool)
        self._open = np.ones((members, outputs), dtype=bool)

    @property
    def active(self) -> NDArray[np.bool_]:
        """Return which members still train, (members,)."""
        return np.asarray(self._open.any(axis=1))

    def update(
        self,
        train_loss: NDArray[np.floating],
        val_loss: NDArray[np.floating],
        weights: NDArray[np.float32],
    ) -> None:
        """Record an epoch's train loss (members,), validation loss (members, H) and weights.

        A member diverges and stops if either loss is infinite or NaN.
        """
        active = self.active
        finite = np.isfinite(train_loss) & np.isfinite(val_loss).all(axis=1)
        better = self._open & finite[:, None] & (val_loss < self.best_loss)
        self.epochs_run[active] += 1
        self.diverged |= active & ~finite
        members, outputs = np.nonzero(better)
        self.best_loss[better] = val_loss[better]
        self.best_weights[members, outputs] = weights[members]
        self.best_epoch[members, outputs] = self.epochs_run[members]
        waited = self.epochs_run[:, None] - self.best_epoch
        self._open &= finite[:, None] & (waited < self.patience)
