"""The weight of the ridge regression in the forecast, from the number of rows."""

import numpy as np

FEW_ROWS, MANY_ROWS = 1e4, 1e5  # two indices over ten years; a hundred stocks over four
WEIGHT_OF_FEW, WEIGHT_OF_MANY = 0.5, 0.25  # chosen on development years, see docs/experiments.md


def choose_blend(rows: int) -> float:
    """Return the weight of the ridge regression for a number of training rows.

    A network that was trained on few rows has learnt little that a linear model does not know, and
    the mean of both has the smaller variance; on a large panel the network is the better one.

    Examples
    --------
    >>> [choose_blend(rows) for rows in (2_000, 30_000, 500_000)]
    [0.5, 0.381, 0.25]
    """
    bounds = np.log10([FEW_ROWS, MANY_ROWS])
    weight = np.interp(np.log10(rows), bounds, [WEIGHT_OF_FEW, WEIGHT_OF_MANY])
    return round(float(weight), 3)
