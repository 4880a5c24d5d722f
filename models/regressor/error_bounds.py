"""Bounds on the errors of a log-linear fit, so that a single absurd row cannot decide it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Weight = NDArray[np.float64] | None  # of each row; None for equal weights

BOUND = 5.0  # spreads; normal errors of a million rows rarely reach it
NORMAL = 1.4826  # the standard deviation of a normal variable in median absolute deviations


def bound_errors(error: Float, weight: Weight = None, *, bound: float = BOUND) -> Float:
    """Return errors (n, H), of which none is more than `bound` spreads from their median.

    A spread is 1.4826 times the median absolute deviation from the median, by column. Errors of
    which more than half are equal have no spread and stay as they are. With `weight` (n,) the
    medians are those of rows that are repeated as often.

    Examples
    --------
    >>> bound_errors(np.array([[-1.0], [0.0], [1.0], [2.0], [1e6]])).ravel().round(3).tolist()
    [-1.0, 0.0, 1.0, 2.0, 8.413]
    """
    centre = _compute_median(error, weight)
    spread = NORMAL * _compute_median(np.abs(error - centre), weight)
    largest = bound * np.where(spread > 0, spread, np.inf)
    return np.clip(error, centre - largest, centre + largest)


def compute_smearing(error: Float, weight: Weight = None) -> Float:
    """Return the log of the mean of the exponentiated errors (n, H), after bounding them, (H,).

    Added to the forecast of a mean log variance, it makes a forecast of the mean variance.

    References
    ----------
    Duan (1983), Journal of the American Statistical Association 78.
    """
    ratio = np.exp(bound_errors(error, weight))
    return np.asarray(np.log(np.average(ratio, axis=0, weights=weight)))


def _compute_median(values: Float, weight: Weight) -> Float:
    """Return the median of each column, that of repeated rows if they have weights."""
    if weight is None:
        return np.asarray(np.median(values, axis=0))
    columns = [(_find_lower_median(c, weight), -_find_lower_median(-c, weight)) for c in values.T]
    return np.asarray(np.mean(columns, axis=1))


def _find_lower_median(values: Float, weight: Float) -> float:
    return float(np.quantile(values, 0.5, method="inverted_cdf", weights=weight))
