"""Places of values on an axis that one absurd model must not stretch."""

import numpy as np
from numpy.typing import NDArray

LARGEST_RATIO = 2.0  # to HAR; a model beyond is cut, or the models near HAR would look alike
BEYOND = 0.15  # of the range of the others: how far a cut value is drawn past them


def cut_values(
    values: NDArray[np.float64], limit: float, *, start: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the places at which to draw values, and which of them are cut.

    Parameters
    ----------
    values
        Any shape; NaN stays NaN and is not cut.
    limit
        The largest value that is drawn at its place.
    start
        Where the bars begin, which is on the axis too.

    Returns
    -------
    places, cut
        In the shape of `values`. All cut values have one place, past the largest of the others, or
        past the limit if every value is cut.

    Examples
    --------
    >>> places, cut = cut_values(np.array([0.8, 1.2, 7.0]), limit=2.0, start=1.0)
    >>> places.round(2).tolist(), cut.tolist()
    ([0.8, 1.2, 1.26], [False, False, True])
    """
    cut = np.asarray(values > limit)
    kept = np.append(values[~cut & np.isfinite(values)], start)
    largest = limit if np.all(kept == start) else float(kept.max())
    end = largest + BEYOND * (largest - float(kept.min()))
    return np.where(cut, end, values), cut
