"""Windows over the last sessions of a (T, N) grid: lag, mean, median, deviation, maximum, validity.

Row t of every result uses rows up to t only. NaN in a window is left out; the result is NaN where
fewer than 60 % of the window's sessions (rounded up) are valid, unless `min_valid` says otherwise.
Rows before the start of the data count as not valid. Results are in the unit of `x`.

bottleneck adds the newest row to a running sum and subtracts the oldest. An outlier that has left
the window thus leaves a rounding residue of about 1e-16 times its size (its square, for a standard
deviation). In log units that is harmless: a price wrong by a factor of 1,000 has a variance of 48
and leaves 1e-14 next to daily variances of 1e-4, far below the 1e-7 that the float32 panel can
represent. Do not pass levels (prices, volumes) to these functions.
"""

from collections.abc import Callable
from typing import Any

import bottleneck as bn
import numpy as np

from volcast.features._typing import BoolArray, FloatArray


def lag_rows(x: FloatArray, sessions: int) -> FloatArray:
    """Return the values of `sessions` rows earlier, NaN before the start of the data.

    Parameters
    ----------
    x
        (T, N) values.
    sessions
        Rows back, at least 0.

    Returns
    -------
    (T, N); row t holds row t - sessions of `x`.

    Examples
    --------
    >>> lag_rows(np.array([[1.0], [2.0], [3.0]]), 1).ravel()
    array([nan,  1.,  2.])
    """
    result = np.empty_like(x)
    result[:sessions] = np.nan
    result[sessions:] = x[: max(len(x) - sessions, 0)]
    return result


def window_mean(x: FloatArray, sessions: int, *, min_valid: int | None = None) -> FloatArray:
    """Return the mean of the valid values among the last `sessions` rows.

    Parameters
    ----------
    x
        (T, N) values in log units or small daily variances, NaN where missing.
    sessions
        Length of the window, row t included.
    min_valid
        Valid values that a window needs; 60 % of `sessions`, rounded up, if None.

    Returns
    -------
    (T, N); row t uses rows t - sessions + 1 .. t.

    Examples
    --------
    >>> window_mean(np.array([[1.0], [np.nan], [3.0], [5.0]]), 3).ravel()
    array([nan, nan,  2.,  4.])
    """
    if sessions == 1:
        return x
    return _apply_moving_window(bn.move_mean, x, sessions, min_valid)


def window_std(x: FloatArray, sessions: int, *, min_valid: int | None = None) -> FloatArray:
    """Return the sample standard deviation (n - 1) of the last `sessions` rows.

    Parameters and result are those of `window_mean`.

    Examples
    --------
    >>> window_std(np.array([[1.0], [3.0], [5.0]]), 2).ravel().round(3)
    array([  nan, 1.414, 1.414])
    """
    return _apply_moving_window(bn.move_std, x, sessions, min_valid, ddof=1)


def window_max(x: FloatArray, sessions: int, *, min_valid: int | None = None) -> FloatArray:
    """Return the largest valid value among the last `sessions` rows.

    Parameters and result are those of `window_mean`.

    Examples
    --------
    >>> window_max(np.array([[1.0], [4.0], [2.0]]), 2, min_valid=1).ravel()
    array([1., 4., 4.])
    """
    return _apply_moving_window(bn.move_max, x, sessions, min_valid)


def window_median(x: FloatArray, sessions: int, *, min_valid: int | None = None) -> FloatArray:
    """Return the median of the valid values among the last `sessions` rows.

    Parameters and result are those of `window_mean`.

    Examples
    --------
    >>> window_median(np.array([[1.0], [4.0], [2.0]]), 3).ravel()
    array([nan, 2.5, 2. ])
    """
    return _apply_moving_window(bn.move_median, x, sessions, min_valid)


def is_mostly_valid(x: FloatArray, sessions: int) -> BoolArray:
    """Return whether 60 % of the last `sessions` rows are valid, or of those since the first.

    Parameters
    ----------
    x
        (T, N) values, NaN where missing.
    sessions
        Length of the window, row t included.

    Returns
    -------
    (T, N); row t uses rows t - sessions + 1 .. t. Unlike elsewhere in this file, rows before the
    start of the data do not count as missing.

    Examples
    --------
    >>> is_mostly_valid(np.array([[1.0], [np.nan], [3.0], [np.nan]]), 3).ravel().tolist()
    [True, False, True, False]
    """
    valid = np.isfinite(x).cumsum(axis=0)
    before = np.zeros_like(valid)
    before[sessions:] = valid[:-sessions]
    length = np.minimum(np.arange(1, len(x) + 1), sessions)[:, None]
    return np.asarray(5 * (valid - before) >= 3 * length)  # in whole numbers, without rounding


def _apply_moving_window(
    move: Callable[..., FloatArray],
    x: FloatArray,
    sessions: int,
    min_valid: int | None,
    **options: Any,
) -> FloatArray:
    """Apply a bottleneck function, which refuses a window longer than the data."""
    required = _count_required_sessions(sessions) if min_valid is None else min_valid
    if required > len(x):
        return np.full_like(x, np.nan)
    # The numbers of a ticker lie next to each other; along that axis bottleneck is fastest.
    return move(x.T, min(sessions, len(x)), min_count=required, axis=1, **options).T


def _count_required_sessions(sessions: int) -> int:
    """Return how many of a window's sessions must be valid: 60 %, rounded up."""
    return -(-3 * sessions // 5)
