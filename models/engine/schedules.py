"""Learning-rate schedules: the factor on a member's learning rate at each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.training_options import ScheduleName

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Schedule:
    """How the learning rate changes during training.

    Parameters
    ----------
    kind
        "constant"; "cosine", down to `final` over all epochs along half a cosine (Loshchilov &
        Hutter 2017, eq. 5); "exponential", down to `final` by the same factor each step; or
        "plateau": times `factor` whenever a member's validation loss has not fallen by
        `min_delta` for `patience` epochs, as in Keras's ReduceLROnPlateau.
    warmup_epochs
        Epochs, possibly fractional, over which the rate first rises in equal steps (Goyal et al.
        2017).

    Examples
    --------
    >>> Schedule(warmup_epochs=2).compute_factors(epoch=1, steps=2, epochs=10).tolist()
    [0.25, 0.5]
    """

    kind: ScheduleName = "constant"
    warmup_epochs: float = 0.0
    final: float = 0.01
    factor: float = 0.5
    patience: int = 2
    min_delta: float = 1e-4

    def compute_factors(self, epoch: int, steps: int, epochs: int) -> Float:
        """Return the factor on the rate at each of the `steps` of `epoch`, counted from 1."""
        done = (epoch - 1) * steps + np.arange(steps)
        progress = done / (epochs * steps)
        factor = np.ones(steps)
        if self.kind == "cosine":
            factor = self.final + (1.0 - self.final) * 0.5 * (1.0 + np.cos(np.pi * progress))
        elif self.kind == "exponential":
            factor = self.final**progress
        warmup = (done + 1) / max(1.0, self.warmup_epochs * steps)
        return factor * np.minimum(1.0, warmup)


class PlateauReductions:
    """The factor on each member's rate, reduced when its validation loss no longer falls."""

    def __init__(self, schedule: Schedule, members: int) -> None:
        self.schedule = schedule
        self.factor = np.ones(members)
        self._best = np.full(members, np.inf)
        self._waited = np.zeros(members, dtype=np.int64)

    def update(self, val_loss: NDArray[np.floating]) -> None:
        """Update the factors by an epoch's validation loss, (members,)."""
        if self.schedule.kind != "plateau":
            return
        better = val_loss < self._best - self.schedule.min_delta
        self._best = np.where(better, val_loss, self._best)
        self._waited = np.where(better, 0, self._waited + 1)
        due = self._waited >= self.schedule.patience
        self.factor[due] *= self.schedule.factor
        self._waited[due] = 0
