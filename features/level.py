"""The level of close-to-close returns: how far a variance measure lies below or above it.

A measure from the range or from intraday prices is less noisy than the squared return, but it can
be biased: it misses what happens while its prices are stale, and it counts the bid-ask bounce.
People size positions by the variance of close-to-close returns. The ratio of the mean squared
return to the mean measure brings the one to the level of the other (Hansen & Lunde 2005, whose
realised variance of the open hours is scaled so).

References
----------
Hansen and Lunde (2005), A forecast comparison of volatility models: does anything beat a
GARCH(1,1)?, section 3.2; and A realized variance for the whole day based on intermittent
high-frequency data.
"""

from __future__ import annotations

import numpy as np

from volcast.features._typing import BoolArray, FloatArray
from volcast.features.parallel import map_tickers
from volcast.features.windows import window_median

QUARTER, MONTH = 66, 22  # sessions
HALF_LIFE = 500  # sessions, two years: how a measure is made up changes slowly
# A day on which the squared return or the measure exceeds this multiple of the quarter's median is
# left out: some 0.2 % of the days of the two embedded indices. One bad bar changes nothing, or at
# most its share of about a thousand days.
LARGEST_MULTIPLE = 50.0
# Effective observations at which an estimate weighs as much as what it is shrunk to. The variance
# of a day's relative error is about 3. The log ratios of the 505 stocks of one market differ by a
# standard deviation of 0.1: 3 / 0.1^2. Those of markets differ by about 0.25: 3 / 0.25^2.
SHRINK_TO_PANEL, SHRINK_TO_ONE = 300.0, 50.0
# Twice or half: a ticker beyond it for a year has a measure in another unit, and stands alone.
LARGEST_LOG_RATIO, YEAR = 0.7, 250.0


def estimate_level_factor(
    variance: FloatArray,
    log_return: FloatArray,
    group: BoolArray | None = None,
    pooled: BoolArray | None = None,
) -> FloatArray:
    """Return the factor that brings each ticker's variance to the level of its returns.

    The ratio of mean squared return to mean variance over the past, both in units of the median
    variance of the quarter, with weights that halve every `HALF_LIFE` sessions. Its log is shrunk
    to that of the panel, and the panel's to 0, by the number of effective observations.

    Parameters
    ----------
    variance
        (T, N) daily variance measure in squared log-return units, NaN where there is none.
    log_return
        (T, N) log returns from close to close.
    group
        (N,) which of two kinds of measure a ticker has; each is shrunk to its own panel. One kind
        by default.
    pooled
        (T, N) whether a ticker counts in the panel's ratio at t; all do by default.

    Returns
    -------
    (T, N) factors, above 0; row t uses rows up to t. A ticker of which less than a month is known
    has the panel's.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> log_return = 0.01 * rng.normal(size=(4000, 1))
    >>> biased = np.full((4000, 1), 0.8e-4)
    >>> estimate_level_factor(biased, log_return)[[0, -1]].ravel().round(2)
    array([1.  , 1.24])
    """
    log_ratio, observations = map_tickers(_estimate_alone, variance, log_return)
    kinds = np.zeros(variance.shape[1], bool) if group is None else group
    counted = np.ones(variance.shape, bool) if pooled is None else pooled
    for kind in (False, True):
        own = kinds == kind
        if own.any():
            log_ratio[:, own] = _shrink(log_ratio[:, own], observations[:, own], counted[:, own])
    return np.asarray(np.exp(log_ratio))


def _estimate_alone(variance: FloatArray, log_return: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the log ratio of each ticker by itself, and its effective observations."""
    squared, measured, known = _scale_by_median(variance, log_return)
    decay = 0.5 ** (1.0 / HALF_LIFE)
    total_squared, total_measured, weight = (
        _decaying_sum(each, decay) for each in (squared, measured, known)
    )
    squared_weight = _decaying_sum(known, decay**2)
    usable = (total_squared > 0) & (total_measured > 0)
    ratio = np.divide(total_squared, total_measured, out=np.ones_like(total_squared), where=usable)
    observations = np.where(usable, weight**2 / np.maximum(squared_weight, 1.0), 0.0)
    return np.log(ratio), observations


def _scale_by_median(
    variance: FloatArray, log_return: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return squared return and variance in units of the quarter's median, and which days count.

    Both are 0 on days that do not count; the third is 1 or 0.
    """
    median = window_median(variance, QUARTER, min_valid=MONTH)
    squared, measured = log_return**2 / median, variance / median
    largest = np.fmax(squared, measured)
    known = np.isfinite(squared) & np.isfinite(measured) & (largest <= LARGEST_MULTIPLE)
    return np.where(known, squared, 0.0), np.where(known, measured, 0.0), known.astype(np.float64)


def _decaying_sum(x: FloatArray, decay: float) -> FloatArray:
    """Return the sum of rows 0 .. t with weights that fall by `decay` from row to row."""
    # scipy.signal.lfilter does the same in less time, but takes longer to import than to replace.
    result = np.array(x)
    for row in range(1, len(result)):
        result[row] += decay * result[row - 1]
    return result


def _shrink(log_ratio: FloatArray, observations: FloatArray, counted: BoolArray) -> FloatArray:
    """Return log ratios (T, N) shrunk to the mean of the `counted` tickers, and that to 0.

    Tickers share their days: however many there are, the panel's mean rests on no more
    observations than the ticker with the most.
    """
    alone = (np.abs(log_ratio) > LARGEST_LOG_RATIO) & (observations >= YEAR)
    own = observations / (observations + SHRINK_TO_PANEL)
    weight = np.where(alone | ~counted, 0.0, own)
    total = np.maximum(weight.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    plausible = np.clip(log_ratio, -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO)
    panel = (weight * plausible).sum(axis=1, keepdims=True) / total
    most = np.where(alone | ~counted, 0.0, observations).max(axis=1, keepdims=True)
    panel = panel * most / (most + SHRINK_TO_ONE)
    return np.asarray(np.where(alone, log_ratio, panel + own * (log_ratio - panel)))
