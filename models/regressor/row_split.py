"""The split of rows in time order into a training part and a held-out part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Part = tuple[NDArray[np.float64], NDArray[np.float64]]  # inputs (n, F), variance (n, H)


def split_rows(
    X: NDArray[np.float64], y: NDArray[np.float64], validation_fraction: float, purge: int
) -> tuple[Part, Part]:
    """Return the training part and the held-out end, with `purge` rows dropped in between.

    If the fraction makes no row, both are the very same part: all rows.

    Raises
    ------
    ValueError
        No row is left to train on.

    Examples
    --------
    >>> rows = np.arange(10.0)[:, None]
    >>> (X, _), (later, _) = split_rows(rows, rows, validation_fraction=0.2, purge=3)
    >>> len(X), len(later)
    (5, 2)
    """
    cut = len(X) - round(len(X) * validation_fraction)
    if cut == len(X):
        part = (X, y)
        return part, part
    end = cut - purge
    if end < 1:
        raise ValueError(
            f"validation_fraction {validation_fraction} and purge {purge} leave none of {len(X)} "
            "rows to train on: lower one of them"
        )
    return (X[:end], y[:end]), (X[cut:], y[cut:])


def list_distinct_parts(training: Part, held_out: Part) -> tuple[Part, ...]:
    """Return both parts, or one if training stops on its own rows."""
    return (training,) if held_out[0] is training[0] else (training, held_out)
