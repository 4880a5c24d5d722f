"""Distribution functions of several groups of values, in which old values count less and less."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.intp]

LIMIT = 8.0  # values beyond it count as the outermost bin; log errors hardly ever reach it
BINS = 800
WIDTH = 2.0 * LIMIT / BINS
EDGES = np.linspace(-LIMIT, LIMIT, BINS + 1)


class DecayedHistogram:
    """One histogram a group, with an exponentially decaying memory.

    Each call of `add` multiplies what its groups held before by ``2 ** (-1 / half_life)``, so that
    the cost of a call does not depend on how many values were added before.

    Parameters
    ----------
    groups
        Number of groups.
    half_life
        Calls of `add` after which a value counts half.

    Attributes
    ----------
    added : ndarray
        Number of values added to each group, without decay.

    Examples
    --------
    >>> histogram = DecayedHistogram(groups=1, half_life=100.0)
    >>> values = np.linspace(-0.99, 0.99, 99)
    >>> histogram.add(np.zeros(99, np.intp), values)
    >>> lower, upper = histogram.quantiles(0.05)
    >>> print(f"{lower[0]:.2f} {upper[0]:.2f}")
    -0.91 0.91
    """

    def __init__(self, groups: int, half_life: float) -> None:
        self.added = np.zeros(groups, dtype=np.intp)
        self._decay = 0.5 ** (1.0 / half_life)
        self._weight = np.zeros((groups, BINS))

    def add(self, group: Int, value: Float) -> None:
        """Add values (n,), each to its group (n,)."""
        counts = np.bincount(group, minlength=len(self.added))
        self.added += counts
        self._weight[counts > 0] *= self._decay
        place = group * BINS + _find_bin(value)
        self._weight += np.bincount(place, minlength=self._weight.size).reshape(self._weight.shape)

    def quantiles(self, tail: float) -> tuple[Float, Float]:
        """Return the values that cut off a tail below and above, one a group.

        The ranks are those of split conformal prediction, ``tail (m + 1)`` from either end, with
        the decayed number of values as m: at least the outermost value is cut off.
        """
        lower = _find_quantile(self._weight, tail)
        return EDGES[0] + lower, EDGES[-1] - _find_quantile(self._weight[:, ::-1], tail)

    def distribution(self, group: Int, value: Float) -> Float:
        """Return the probability (n,) of less than each value in its group, in (0, 1).

        It is the inverse of `quantiles`; NaN where the value is NaN.
        """
        known = np.isfinite(value)
        at = np.where(known, value, 0.0)
        place = _find_bin(at)
        cumulated = np.cumsum(self._weight, axis=1)
        inside = self._weight[group, place]
        part = np.clip((at - EDGES[place]) / WIDTH, 0.0, 1.0)
        below = cumulated[group, place] - inside * (1.0 - part)
        return np.where(known, (below + 0.5) / (cumulated[group, -1] + 1.0), np.nan)


def _find_bin(value: Float) -> Int:
    return np.clip((value + LIMIT) / WIDTH, 0, BINS - 1).astype(np.intp)


def _find_quantile(weight: Float, tail: float) -> Float:
    """Return the distance from the first edge at which a tail is cut off, one a group."""
    cumulated = np.cumsum(weight, axis=1)
    target = np.maximum(tail * (cumulated[:, -1] + 1.0) - 0.5, 0.0)
    place = np.argmax(cumulated > target[:, None], axis=1)
    rows = np.arange(len(weight))
    inside = weight[rows, place]
    before = cumulated[rows, place] - inside
    with np.errstate(invalid="ignore"):  # an empty group has no quantile
        return np.asarray(WIDTH * (place + (target - before) / inside))
