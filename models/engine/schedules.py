"""Learning-rate schedules: the share of its own rate that a member trains at, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Schedule:
    """How the learning rate changes while training.

    Parameters
    ----------
    kind
        "constant"; "cosine", down to `final` over all epochs along half a cosine (Loshchilov &
        Hutter 2017, eq. 5); "exponential", down to `final` by the same factor each step; or
        "plateau": times `factor` whenever a member's validation loss has not fallen by
        `min_delta` for `patience` epochs, as Keras's ReduceLROnPlateau does.
    warmup_epochs
        Epochs, parts included, over which the rate first climbs in even steps (Goyal et al. 2017).
    """

    kind: Literal["constant", "cosine", "exponential", "plateau"] = "constant"
    warmup_epochs: float = 0.0
    final: float = 0.01
    factor: float = 0.5
    patience: int = 2
    min_delta: float = 1e-4

    def shares(self, epoch: int, steps: int, epochs: int) -> Float:
        """Return the share of the rate at each of the `steps` of `epoch` (1 is the first)."""
        done = (epoch - 1) * steps + np.arange(steps)
        progress = done / (epochs * steps)
        share = np.ones(steps)
        if self.kind == "cosine":
            share = self.final + (1.0 - self.final) * 0.5 * (1.0 + np.cos(np.pi * progress))
        elif self.kind == "exponential":
            share = self.final**progress
        climbed = (done + 1) / max(1.0, self.warmup_epochs * steps)
        return share * np.minimum(1.0, climbed)


class PlateauReductions:
    """Each member's own reductions where the validation loss no longer falls."""

    def __init__(self, schedule: Schedule, members: int) -> None:
        self.schedule = schedule
        self.share = np.ones(members)
        self._best = np.full(members, np.inf)
        self._waited = np.zeros(members, dtype=np.int64)

    def update(self, val_loss: NDArray[np.floating]) -> None:
        """Take in one epoch's validation loss (members,)."""
        if self.schedule.kind != "plateau":
            return
        better = val_loss < self._best - self.schedule.min_delta
        self._best = np.where(better, val_loss, self._best)
        self._waited = np.where(better, 0, self._waited + 1)
        due = self._waited >= self.schedule.patience
        self.share[due] *= self.schedule.factor
        self._waited[due] = 0
