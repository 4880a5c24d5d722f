"""Standardisation of inputs by their training values; extreme values are clipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.regressor.error_bounds import Weight

Float = NDArray[np.float64]
ReadRows = Callable[[slice], NDArray[np.floating]]  # rows of the inputs, (rows, F)

BLOCK_ROWS = 16_384
BOUND = 6.0  # standard deviations; beyond it the size of an extreme value carries no information


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation of each column, (F,), over the finite training values.

    Values that are clipped have no part in them: they are computed once from all values, and once
    more from those within `BOUND` standard deviations.

    Examples
    --------
    >>> scaler = Scaler.fit(np.array([[1.0], [3.0], [np.nan]]))
    >>> scaler.transform(np.array([[3.0], [np.nan], [1e9]])).ravel().tolist()
    [1.0, 0.0, 6.0]
    """

    mean: Float
    deviation: Float

    @classmethod
    def fit(cls, x: NDArray[np.floating], weight: Weight = None) -> Scaler:
        """Return the scaler of `x` (n, F); it maps a constant or empty column to 0.

        Rows of `weight` (n,) count as if they were repeated as often.
        """
        return cls.fit_blocks(lambda rows: x[rows], len(x), weight)

    @classmethod
    def fit_blocks(cls, read: ReadRows, length: int, weight: Weight = None) -> Scaler:
        """Return the scaler of the rows that `read` returns for a slice of `length` rows.

        Sums are in double precision, so that a column far from 0 keeps its spread.
        """
        every = cls(np.zeros(1), np.array([np.inf]))
        return every._fit_within(read, length, weight)._fit_within(read, length, weight)

    def _fit_within(self, read: ReadRows, length: int, weight: Weight) -> Scaler:
        """Return the scaler of the values that this one does not clip."""
        columns = read(slice(0, 1)).shape[1]
        count, total, squares = np.zeros((3, columns))
        for part, own in self._iterate_within(read, length, weight):
            count += (np.isfinite(part) * own).sum(axis=0)
            total += np.nansum(part * own, axis=0)
        mean = total / np.where(count > 0, count, 1.0)
        for part, own in self._iterate_within(read, length, weight):
            squares += np.nansum((part - mean) ** 2 * own, axis=0)
        spread = np.sqrt(squares / np.where(count > 0, count, 1.0))
        flat = spread <= 1e-12 * np.maximum(np.abs(mean), 1.0)
        return Scaler(mean=mean, deviation=np.where(flat, np.inf, spread))

    def _iterate_within(
        self, read: ReadRows, length: int, weight: Weight
    ) -> Iterator[tuple[Float, Float | float]]:
        """Yield rows in double precision, NaN for clipped values, with their weights (rows, 1)."""
        for rows in iterate_blocks(length):
            part = read(rows).astype(np.float64, copy=False)
            within = np.abs(part - self.mean) <= BOUND * self.deviation
            own = 1.0 if weight is None else weight[rows, None]
            yield np.where(within, part, np.nan), own

    def transform(self, x: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return inputs (n, F), standardised and clipped to +-BOUND; NaN becomes 0, the mean."""
        return self.transform_blocks(lambda rows: x[rows], np.empty(x.shape, np.float32))

    def transform_blocks(self, read: ReadRows, result: NDArray[np.float32]) -> NDArray[np.float32]:
        """Fill `result` (n, F), as `transform` does, with the rows that `read` returns."""
        for rows in iterate_blocks(len(result)):
            part = read(rows).astype(np.float64, copy=False)
            scaled = np.clip((part - self.mean) / self.deviation, -BOUND, BOUND)
            result[rows] = np.nan_to_num(scaled, nan=0.0)
        return result


def iterate_blocks(length: int) -> Iterator[slice]:
    """Yield slices of rows: a panel in double precision would not fit into memory."""
    for first in range(0, length, BLOCK_ROWS):
        yield slice(first, min(first + BLOCK_ROWS, length))
