"""The split of rows in time order into a training part and a held-out part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from volcast.models.regressor.error_bounds import Float, Weight
from volcast.models.regressor.validation import check_sample_weight, check_variance


class Part(NamedTuple):
    """Rows: inputs (n, F), variance (n, H), and weights (n,), all above 0, or None if all alike."""

    inputs: Float
    variance: Float
    weight: Weight = None


def build_part(X: Float, y: Float, sample_weight: ArrayLike | None = None) -> Part:
    """Return checked rows, without those of weight 0; weights that are all alike become None.

    Raises
    ------
    ValueError
        A variance or a weight breaks its rule.
    """
    weight = check_sample_weight(sample_weight, len(X))
    variance = check_variance(y)
    if weight is None or np.ptp(weight) == 0.0:
        return Part(X, variance)
    counted = weight > 0
    return Part(X[counted], variance[counted], weight[counted])


def split_rows(part: Part, validation_fraction: float, purge: int) -> tuple[Part, Part]:
    """Return the training part and the held-out end, with `purge` rows dropped in between.

    If the fraction makes no row, both are the very same part: all rows.

    Raises
    ------
    ValueError
        No row is left to train on.

    Examples
    --------
    >>> rows = np.arange(10.0)[:, None]
    >>> training, later = split_rows(Part(rows, rows), validation_fraction=0.2, purge=3)
    >>> len(training.inputs), len(later.inputs)
    (5, 2)
    """
    count = len(part.inputs)
    cut = count - round(count * validation_fraction)
    if cut == count:
        return part, part
    end = cut - purge
    if end < 1:
        raise ValueError(
            f"validation_fraction {validation_fraction} and purge {purge} leave none of {count} "
            "rows to train on: lower one of them"
        )
    return _take(part, slice(end)), _take(part, slice(cut, count))


def list_distinct_parts(training: Part, held_out: Part) -> tuple[Part, ...]:
    """Return both parts, or one if training stops on its own rows."""
    return (training,) if held_out.inputs is training.inputs else (training, held_out)


def join_parts(parts: Sequence[Part]) -> Part:
    """Return the rows of all parts, in order; where some have weights, the others count once."""
    weight = None
    if any(part.weight is not None for part in parts):
        weight = np.concatenate([fill_weight(part) for part in parts])
    inputs, variance = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    return Part(inputs, variance, weight)


def fill_weight(part: Part) -> Float:
    """Return the weights of a part, ones if it has none."""
    return np.ones(len(part.inputs)) if part.weight is None else part.weight


def _take(part: Part, rows: slice) -> Part:
    return Part(
        part.inputs[rows], part.variance[rows], None if part.weight is None else part.weight[rows]
    )
