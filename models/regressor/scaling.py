"""Standardisation of inputs by their training values; extreme values are clipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 16_384
BOUND = 6.0  # standard deviations; beyond it the size of an extreme value carries no information


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation of each column, (F,), over the finite training values.

    Examples
    --------
    >>> scaler = Scaler.fit(np.array([[1.0], [3.0], [np.nan]]))
    >>> scaler.transform(np.array([[3.0], [np.nan], [1e9]])).ravel().tolist()
    [1.0, 0.0, 6.0]
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def fit(cls, x: NDArray[np.floating]) -> Scaler:
        """Return the scaler of `x` (n, F); it maps a constant or empty column to 0."""
        count, total, squares = np.zeros((3, x.shape[1]))
        for part in iterate_blocks(x):
            count += np.isfinite(part).sum(axis=0)
            total += np.nansum(part, axis=0, dtype=np.float64)
        mean = total / np.maximum(count, 1)
        for part in iterate_blocks(x):
            squares += np.nansum((part - mean) ** 2, axis=0)
        spread = np.sqrt(squares / np.maximum(count, 1))
        flat = spread <= 1e-12 * np.maximum(np.abs(mean), 1.0)
        return cls(mean=mean, deviation=np.where(flat, np.inf, spread))

    def transform(self, x: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return inputs (n, F), standardised and clipped to +-BOUND; NaN becomes 0, the mean."""
        result = np.empty(x.shape, np.float32)
        for part, out in zip(iterate_blocks(x), iterate_blocks(result), strict=True):
            scaled = np.clip((part - self.mean) / self.deviation, -BOUND, BOUND)
            out[:] = np.nan_to_num(scaled, nan=0.0)
        return result


def iterate_blocks(x: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield `x` in blocks of rows: a panel in double precision would not fit into memory."""
    for first in range(0, len(x), BLOCK_ROWS):
        yield x[first : first + BLOCK_ROWS]
