"""Purged walk-forward folds: positions in time, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Fold:
    """One fold: half-open ranges of session positions, train < validation < test.

    Between two parts lie `purge` sessions that belong to none: the target of a row reaches that
    far ahead, and would tell the earlier part about the later one.
    """

    number: int
    train: slice
    validation: slice
    test: slice


@dataclass(frozen=True)
class WalkForward:
    """The rule that cuts `sessions` sessions into folds.

    Parameters
    ----------
    first_test : int
        Position of the first origin that is tested.
    refit_every : int
        Sessions of a test part; the last one may be shorter. Every origin from `first_test` on
        is tested exactly once.
    purge : int
        Sessions left out at each cut: the longest horizon.
    validation_share : float
        Share of the sessions before the test, without the purged ones, that validate.
    window : int or None
        Length of a rolling window, purged sessions included; None expands from the first session.
    """

    first_test: int
    refit_every: int
    purge: int
    validation_share: float
    window: int | None = None

    def folds(self, sessions: int) -> Iterator[Fold]:
        """Yield the folds of `sessions` sessions in the order of time.

        Raises
        ------
        ValueError
            The first fold would have no training or no validation session, or no test session.
        """
        if self.first_test >= sessions:
            raise ValueError(
                f"the first test is session {self.first_test}, but there are only {sessions}"
            )
        for number, start in enumerate(range(self.first_test, sessions, self.refit_every)):
            yield self._fold(number, start, min(start + self.refit_every, sessions))

    def _fold(self, number: int, start: int, stop: int) -> Fold:
        first = 0 if self.window is None else max(0, start - self.window)
        usable = start - first - 2 * self.purge
        validating = max(1, round(usable * self.validation_share))
        if usable - validating < 1:
            raise ValueError(
                f"{start - first} sessions before the test leave none to train on "
                f"when {self.purge} are purged at each of two cuts"
            )
        validation = slice(start - self.purge - validating, start - self.purge)
        train = slice(first, validation.start - self.purge)
        return Fold(number, train, validation, slice(start, stop))
