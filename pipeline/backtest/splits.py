"""Purged walk-forward splits: positions of sessions, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Fold:
    """One fold: half-open ranges of session positions, train < validation < test.

    Between two parts lie `purge` sessions that belong to neither: the target of a row reaches that
    far ahead, and would leak the later part into the earlier one.
    """

    number: int
    train: slice
    validation: slice
    test: slice


@dataclass(frozen=True)
class WalkForward:
    """The rule that cuts a history into folds.

    Parameters
    ----------
    first_test
        Position of the first test origin.
    refit_every
        Sessions of a test part; the last one may be shorter. Every origin from `first_test` on
        is tested exactly once.
    purge
        Sessions left out at each cut: the longest horizon.
    validation_share
        Share of the sessions before the test, without the purged ones, used for validation.
    window
        Length of a rolling window, purged sessions included; None for an expanding one.

    Examples
    --------
    >>> rule = WalkForward(first_test=8, refit_every=2, purge=1, validation_share=0.25)
    >>> next(rule.folds(10))
    Fold(number=0, train=slice(0, 4, None), validation=slice(5, 7, None), test=slice(8, 10, None))
    """

    first_test: int
    refit_every: int
    purge: int
    validation_share: float
    window: int | None = None

    def folds(self, sessions: int) -> Iterator[Fold]:
        """Yield the folds of a history of `sessions` sessions, in order of time.

        Raises
        ------
        ValueError
            The first fold would have no training, no validation or no test session.
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
                f"{start - first} sessions before the test are too few: {self.purge} are purged at "
                "each of two cuts, and none is left for training"
            )
        validation = slice(start - self.purge - validating, start - self.purge)
        train = slice(first, validation.start - self.purge)
        return Fold(number, train, validation, slice(start, stop))
