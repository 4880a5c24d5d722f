"""Two proofs that a computation does not look ahead: corrupt the future, and cut it off.

Whatever is computed from bars for rows up to t must come out bit for bit the same (a) when all
bars after t are corrupted and (b) when they do not exist. The calendar stays as it is: which
sessions lie ahead is known in advance.
"""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from volcast.features.bars import GRIDS, Bars

LOG_FACTOR_SD = 3.0  # a corrupted price is off by a factor of 20, up or down
MISSING_SHARE = 0.2


@dataclasses.dataclass(frozen=True)
class Leak:
    """Where a computation saw the future.

    `proof` is "corrupted" or "truncated", `origin` the last row left untouched, `position` the
    first (row, column, ...) with row <= origin that changed.
    """

    proof: str
    origin: int
    position: tuple[int, ...]


def corrupted(bars: Bars, t: int, rng: np.random.Generator) -> Bars:
    """Return bars whose rows after t are wrecked, and whose rows 0 .. t are untouched.

    The later rows are shuffled in time, each number is multiplied by a wild factor of its own,
    and a fifth of the bars are removed.
    """
    later_rows = len(bars.sessions) - (t + 1)
    order = t + 1 + rng.permutation(later_rows)
    missing = rng.random((later_rows, len(bars.tickers))) < MISSING_SHARE
    grids: dict[str, Any] = {}
    for name in GRIDS:
        values = getattr(bars, name)
        factor = np.exp(rng.normal(0.0, LOG_FACTOR_SD, missing.shape))
        wrecked = values[order] * factor
        wrecked[missing] = np.nan
        grids[name] = np.concatenate([values[: t + 1], wrecked])
    # Which tickers have a measured variance is a fact about their source, not about a day.
    return dataclasses.replace(bars, **grids, realized_used=bars.uses_realized)


def first_difference(
    before: np.ndarray[Any, Any], after: np.ndarray[Any, Any], t: int
) -> tuple[int, ...] | None:
    """Return the first position with row <= t where two results differ, None if there is none.

    Both have sessions on the first axis and at least t + 1 rows. NaN equals NaN; any other
    difference counts, down to the last bit.
    """
    one, other = before[: t + 1], after[: t + 1]
    same = (one == other) | ((one != one) & (other != other))  # only NaN and NaT differ from self
    return None if same.all() else tuple(int(i) for i in np.argwhere(~same)[0])


def find_leak(
    compute: Callable[[Bars], np.ndarray[Any, Any]],
    bars: Bars,
    origins: Iterable[int],
    rng: np.random.Generator,
) -> Leak | None:
    """Return the first leak of `compute` over both proofs and all origins, None if there is none.

    `compute` takes bars and returns an array with sessions on its first axis.
    """
    before = compute(bars)
    for t in origins:
        for proof, other in (("corrupted", corrupted(bars, t, rng)), ("truncated", bars.until(t))):
            position = first_difference(before, compute(other), t)
            if position is not None:
                return Leak(proof, t, position)
    return None
