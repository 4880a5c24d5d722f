"""Closes of a series of another market, each with the session from which it was known."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from volcast.features._typing import FloatArray

Positions = NDArray[np.int64]

LONGEST_USE = 3  # sessions after the one in which a close became known, if no newer one did
MOVE_SD = 0.3  # of the log changes that replace those of the future
MISSING_SHARE = 0.2


@dataclasses.dataclass(frozen=True, eq=False)
class ExogenousSeries:
    """Closes of a series on its own sessions, aligned with the sessions of a grid.

    Parameters
    ----------
    close
        (S,) closes, above 0, in the order of the series' own sessions.
    known_from
        (S,) position of the first session of the grid at whose close the value was known; negative
        for those known before the grid begins, never falling. Which one it is depends on which
        exchange closes first: a close of the same date may be known a session later.

    Raises
    ------
    ValueError
        If the lengths differ, a close is not above 0, or the positions fall.

    Examples
    --------
    >>> vix = ExogenousSeries(close=np.array([20.0, 22.0]), known_from=np.array([0, 1]))
    >>> vix.align(vix.close, rows=6)
    array([20., 22., 22., 22., 22., nan])
    >>> vix.until(0).close
    array([20.])
    """

    close: FloatArray
    known_from: Positions

    def __post_init__(self) -> None:
        if len(self.close) != len(self.known_from):
            raise ValueError(
                f"a series has {len(self.close)} closes and {len(self.known_from)} positions"
            )
        if not (np.isfinite(self.close) & (self.close > 0)).all():
            raise ValueError("the closes of a series must be finite and above 0")
        if (np.diff(self.known_from) < 0).any():
            raise ValueError("the closes of a series must become known in their order")

    def align(self, values: FloatArray, rows: int) -> FloatArray:
        """Return for each session of the grid the newest of some values of the series.

        Parameters
        ----------
        values
            (S,) numbers, each computed from closes up to its own.
        rows
            T, the number of sessions of the grid.

        Returns
        -------
        (T,); row t holds the value of the newest close known at the close of t, NaN where there is
        none, or where it became known more than `LONGEST_USE` sessions ago.
        """
        sessions = np.arange(rows)
        newest = np.searchsorted(self.known_from, sessions, side="right") - 1
        aligned = np.full(rows, np.nan)
        found = newest >= 0
        found[found] = sessions[found] - self.known_from[newest[found]] <= LONGEST_USE
        aligned[found] = values[newest[found]]
        return aligned

    def until(self, t: int) -> ExogenousSeries:
        """Return what was known at the close of session t."""
        known = int(np.searchsorted(self.known_from, t, side="right"))
        return ExogenousSeries(self.close[:known], self.known_from[:known])

    def corrupt_after(self, t: int, rng: np.random.Generator) -> ExogenousSeries:
        """Return a series whose closes learnt after session t are invented, fewer, and late."""
        known = self.until(t)
        kept = rng.random(len(self.close) - len(known.close)) >= MISSING_SHARE
        later = self.known_from[len(known.close) :][kept]
        moves = rng.normal(0.0, MOVE_SD, len(later))
        return ExogenousSeries(
            np.concatenate([known.close, np.exp(3.0 + np.cumsum(moves))]),
            np.concatenate([known.known_from, np.sort(later + rng.integers(0, 3, len(later)))]),
        )
