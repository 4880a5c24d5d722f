"""Windows over the last sessions of a (T, N) grid: lag, mean, standard deviation, largest value.

Row t of every result uses rows up to t only. NaN in the window is left out; the result is NaN
where fewer than 60 % of the window's sessions (rounded up) are valid, unless `at_least` says
otherwise. Rows before the start of the data count as not valid. Results are in the unit of `x`.

bottleneck adds the newest row to a running sum and takes the oldest away. An outlier that has
left the window thus leaves a rounding residue of about 1e-16 times its size (its square, for a
standard deviation). In log units that is harmless: a price wrong by a factor of 1,000 has a
variance of 48 and leaves 1e-14 beside daily variances of 1e-4, far below the 1e-7 that the
float32 panel can hold. Do not hand levels (prices, volumes) to these functions.
"""

from collections.abc import Callable
from typing import Any

import bottleneck as bn
import numpy as np

from volcast.features._typing import FloatArray


def lagged(x: FloatArray, sessions: int) -> FloatArray:
    """Return the value of `sessions` rows earlier, NaN before the start of the data."""
    result = np.empty_like(x)
    result[:sessions] = np.nan
    result[sessions:] = x[: max(len(x) - sessions, 0)]
    return result


def window_mean(x: FloatArray, sessions: int, *, at_least: int | None = None) -> FloatArray:
    """Return the mean of the valid values among the last `sessions` rows."""
    if sessions == 1:
        return x
    return _moved(bn.move_mean, x, sessions, at_least)


def window_std(x: FloatArray, sessions: int, *, at_least: int | None = None) -> FloatArray:
    """Return the sample standard deviation (n - 1) of the last `sessions` rows."""
    return _moved(bn.move_std, x, sessions, at_least, ddof=1)


def window_max(x: FloatArray, sessions: int, *, at_least: int | None = None) -> FloatArray:
    """Return the largest valid value among the last `sessions` rows."""
    return _moved(bn.move_max, x, sessions, at_least)


def _moved(
    move: Callable[..., FloatArray],
    x: FloatArray,
    sessions: int,
    at_least: int | None,
    **options: Any,
) -> FloatArray:
    """Apply a bottleneck function, which refuses a window longer than the data."""
    demanded = sessions_demanded(sessions) if at_least is None else at_least
    if demanded > len(x):
        return np.full_like(x, np.nan)
    # Bars keep each ticker's numbers side by side; along that axis bottleneck is fastest.
    return move(x.T, min(sessions, len(x)), min_count=demanded, axis=1, **options).T


def sessions_demanded(sessions: int) -> int:
    """Return how many of a window's sessions must be valid: 60 %, rounded up."""
    return -(-3 * sessions // 5)
