"""Standardised inputs: by the training part, bounded, neutral where a value is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BOUND = 6.0  # standard deviations; a wilder input says "extreme", not how extreme


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation of each column (F,) over the finite training values."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def fit(cls, x: NDArray[np.floating]) -> Scaler:
        """Return the scaler of `x` (n, F); a column without spread or without values becomes 0."""
        known = np.isfinite(x)
        count = np.maximum(known.sum(axis=0), 1)
        values = np.where(known, x, 0.0).astype(np.float64)
        mean = values.sum(axis=0) / count
        spread = np.sqrt(np.where(known, (values - mean) ** 2, 0.0).sum(axis=0) / count)
        flat = spread <= 1e-12 * np.maximum(np.abs(mean), 1.0)
        return cls(mean=mean, deviation=np.where(flat, np.inf, spread))

    def transform(self, x: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return standardised inputs within +-BOUND; a missing value becomes 0, the mean."""
        scaled = np.clip((x - self.mean) / self.deviation, -BOUND, BOUND)
        return np.nan_to_num(scaled, nan=0.0).astype(np.float32)
