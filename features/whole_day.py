"""Variance of the complete day: the realised variance of the session plus the overnight return.

References
----------
Hansen and Lunde (2005), A realized variance for the whole day based on intermittent
high-frequency data.
"""

import numpy as np

from volcast.features._typing import FloatArray

MIN_SESSIONS_FOR_WEIGHTS = 250  # a year


def whole_day_variance(
    open_to_close: FloatArray, overnight_return: FloatArray, weighting: str = "sum"
) -> FloatArray:
    """Return the variance of each complete day, from close to close.

    Parameters
    ----------
    open_to_close
        (T,) realised variance of the sessions, in time order.
    overnight_return
        (T,) log(open_t / close_{t-1}), adjusted for dividends and splits.
    weighting
        ``"sum"``: squared overnight return plus realised variance, unweighted.
        ``"hansen_lunde"``: the two weighted by `hansen_lunde_weights`.

    Returns
    -------
    (T,) daily variances in squared log-return units; NaN where either part is missing.

    Raises
    ------
    ValueError
        If the weighting is unknown.

    Examples
    --------
    >>> whole_day_variance(np.array([1e-4, np.nan]), np.array([0.01, 0.01]))
    array([0.0002,    nan])
    """
    squared_overnight = overnight_return**2
    if weighting == "sum":
        return squared_overnight + open_to_close
    if weighting != "hansen_lunde":
        raise ValueError(f"weighting must be sum or hansen_lunde; got {weighting!r}")
    weights = hansen_lunde_weights(squared_overnight, open_to_close)
    return weights[:, 0] * squared_overnight + weights[:, 1] * open_to_close


def hansen_lunde_weights(squared_overnight: FloatArray, open_to_close: FloatArray) -> FloatArray:
    """Return the weights of the two parts that give the least noisy sum with the same mean.

    The weights of Hansen and Lunde (2005) from the means, variances and covariance of the sessions
    before t: row t uses data to the close of t - 1. The share of the open-to-close part is kept
    within 0 and 1, so that no variance becomes negative.

    Parameters
    ----------
    squared_overnight
        (T,) squared overnight returns, in time order.
    open_to_close
        (T,) realised variances of the sessions.

    Returns
    -------
    (T, 2) weights of the overnight and of the open-to-close part. Both are 1 until
    `MIN_SESSIONS_FOR_WEIGHTS` sessions are known, and if a part has always been 0.
    """
    known = np.isfinite(squared_overnight) & np.isfinite(open_to_close)
    a, b = np.where(known, squared_overnight, 0.0), np.where(known, open_to_close, 0.0)
    count = _sum_rows_before(known.astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_a, mean_b = _sum_rows_before(a) / count, _sum_rows_before(b) / count
        variance_a = _sum_rows_before(a * a) / count - mean_a**2
        variance_b = _sum_rows_before(b * b) / count - mean_b**2
        covariance = _sum_rows_before(a * b) / count - mean_a * mean_b
        gain = mean_b**2 * variance_a - mean_a * mean_b * covariance
        loss = mean_a**2 * variance_b - mean_a * mean_b * covariance
        share = np.clip(gain / (gain + loss), 0.0, 1.0)
        mean = mean_a + mean_b
        weights = np.stack([(1.0 - share) * mean / mean_a, share * mean / mean_b], axis=1)
    usable = (count >= MIN_SESSIONS_FOR_WEIGHTS) & np.isfinite(weights).all(axis=1)
    return np.where(usable[:, None], weights, 1.0)


def _sum_rows_before(x: FloatArray) -> FloatArray:
    """Return the sum of the rows before each row."""
    return np.concatenate([[0.0], np.cumsum(x)[:-1]]) if len(x) else x
