"""Standardised inputs: by the training part, bounded, neutral where a value is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 16_384
BOUND = 6.0  # standard deviations; a wilder input says "extreme", not how extreme


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation of each column (F,) over the finite training values."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def fit(cls, x: NDArray[np.floating]) -> Scaler:
        """Return the scaler of `x` (n, F); a column without spread or without values becomes 0."""
        count, total, squares = np.zeros((3, x.shape[1]))
        for part in blocks(x):
            count += np.isfinite(part).sum(axis=0)
            total += np.nansum(part, axis=0, dtype=np.float64)
        mean = total / np.maximum(count, 1)
        for part in blocks(x):
            squares += np.nansum((part - mean) ** 2, axis=0)
        spread = np.sqrt(squares / np.maximum(count, 1))
        flat = spread <= 1e-12 * np.maximum(np.abs(mean), 1.0)
        return cls(mean=mean, deviation=np.where(flat, np.inf, spread))

    def transform(self, x: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return standardised inputs within +-BOUND; a missing value becomes 0, the mean."""
        result = np.empty(x.shape, np.float32)
        for part, out in zip(blocks(x), blocks(result), strict=True):
            scaled = np.clip((part - self.mean) / self.deviation, -BOUND, BOUND)
            out[:] = np.nan_to_num(scaled, nan=0.0)
        return result


def blocks(x: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield `x` in blocks of rows: double precision of a whole panel would not fit into memory."""
    for first in range(0, len(x), BLOCK_ROWS):
        yield x[first : first + BLOCK_ROWS]
