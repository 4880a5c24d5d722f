"""Searches a computation for look-ahead: corrupts the future, cuts it off, compares the past."""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from volcast.features.bars import Bars
from volcast.features.look_ahead import corrupt_future, find_first_difference


@dataclasses.dataclass(frozen=True)
class Leak:
    """Where a computation saw the future.

    `proof` is "corrupted" or "truncated", `origin` the last row left untouched, `position` the
    first (row, column, ...) with row <= origin that changed.
    """

    proof: str
    origin: int
    position: tuple[int, ...]


def find_leak(
    compute: Callable[[Bars], np.ndarray],
    bars: Bars,
    origins: Iterable[int],
    rng: np.random.Generator,
) -> Leak | None:
    """The first leak of `compute` over both proofs and all origins, None if there is none."""
    before = compute(bars)
    for t in origins:
        futures = {"corrupted": corrupt_future(bars, t, rng), "truncated": bars.until(t)}
        for proof, other in futures.items():
            position = find_first_difference(before, compute(other), t)
            if position is not None:
                return Leak(proof, t, position)
    return None
