"""A history whose outlying sessions are bounded, on which the models are fitted.

One bar with a wrong price has a variance thousands of times as large as its neighbours'. It is part
of a target of 22 sessions in 22 rows, and as large in the features of 22 rows; left as it is, it
multiplies every later forecast. A market crash is not an outlier in this sense: the sessions around
it are volatile as well.

References
----------
Hampel (1974), Journal of the American Statistical Association 69 (the median of the neighbours, and
their median absolute deviation, as the measure of an outlier). Nemirovsky & Yudin (1983), Problem
Complexity and Method Efficiency in Optimization (the median of means).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float = NDArray[np.float64]

NEIGHBOURS = 23  # sessions of the local level, 11 on either side: a month
FEWEST_NEIGHBOURS = 6  # of them with a variance
FEWEST_SESSIONS = 60  # of a ticker's spread; with fewer it takes the median spread of all tickers
WHOLE, FALL = 4.0, 2.0  # spreads from the local level; decision 0026 compares others
REGULAR = 3  # the largest deviation of a ticker that one or two wrong sessions cannot decide
NORMAL = 1.4826  # the standard deviation of a normal variable in median absolute deviations
QUARTER = 63  # sessions of a block: a company reports once in each
FEWEST_QUARTERS = 8
TICKERS_PER_BLOCK = 256
MEMORY = 22  # sessions of most windows of the features


@dataclass(frozen=True)
class BoundedHistory:
    """What a history with bounded variances changes in the targets and the features.

    Attributes
    ----------
    target
        (T, N, H), each target times the share of its window's mean that the bounds leave, and times
        the mean that the bounds take from regular extremes, such as those after earnings reports
        (`compute_tail_factor`).
    log_mean_change
        By window, (T, N) float32: what the bounds add to the log of the mean variance up to session
        t.
    ignored, distorted
        (T, N), whether session t is ignored, and whether one that is ignored lies less than
        `MEMORY` sessions back.
    """

    target: Float
    log_mean_change: dict[int, NDArray[np.float32]]
    ignored: NDArray[np.bool_]
    distorted: NDArray[np.bool_]


def bound_history(
    variance: Float,
    target: Float,
    horizons: tuple[int, ...],
    windows: Collection[int],
    pooled: NDArray[np.bool_] | None = None,
) -> BoundedHistory:
    """Return what bounding the variances changes.

    Parameters
    ----------
    variance
        Daily variances (T, N), NaN if unknown; no later session is looked at.
    target
        Mean variance over t+1 .. t+h, (T, N, H); NaN stays NaN.
    horizons, windows
        Sessions of each target, and of the windows of past mean variances.
    pooled
        (N,) the tickers whose regular extremes count for all; every one by default.

    Examples
    --------
    >>> variance = np.exp(np.random.default_rng(0).normal(-9.0, 0.5, size=(300, 1)))
    >>> wrong = np.where(np.arange(300) == 150, 1.0, variance[:, 0])[:, None]
    >>> target = np.append(wrong[1:], np.nan)[:, None, None]
    >>> bounded = bound_history(wrong, target, horizons=(1,), windows=(1, 5, 22))
    >>> float(target[149, 0, 0]), float(bounded.target[149, 0, 0].round(5))
    (1.0, 0.00012)
    """
    bounded, ignored = bound_variance(variance)
    factor = compute_tail_factor(variance, bounded, pooled)
    scaled, distorted = target.copy(), np.empty_like(ignored)
    changes = {window: np.empty(variance.shape, np.float32) for window in windows}
    for own in iterate_tickers(variance.shape[1]):
        for window in {*horizons, *windows}:
            share = _compute_share(bounded[:, own], variance[:, own], window)
            if window in changes:
                changes[window][:, own] = np.log(share)
            for place in (n for n, horizon in enumerate(horizons) if horizon == window):
                scaled[:-window, own, place] *= factor * share[window:]
        recent = pd.DataFrame(ignored[:, own].astype(float)).rolling(MEMORY, min_periods=1).max()
        distorted[:, own] = recent.to_numpy() > 0
    return BoundedHistory(scaled, changes, ignored, distorted)


def bound_variance(variance: Float) -> tuple[Float, NDArray[np.bool_]]:
    """Return bounded variances (T, N), and where a session is ignored.

    The local level is the median of the log variance over the `NEIGHBOURS` sessions around it, and
    a spread is 1.4826 times the median absolute deviation from it, by ticker. Deviations up to
    `WHOLE` spreads are kept, or up to the third largest of the ticker (`REGULAR`): a company has
    extremes every quarter. Over the next `FALL` spreads a deviation counts less and less, and a
    session beyond is ignored: it counts as one at the local level. Smaller variances than `WHOLE`
    spreads below the level count as that.
    """
    level, tickers = np.empty_like(variance), variance.shape[1]
    spread, regular = np.empty(tickers), np.empty(tickers)
    for own in iterate_tickers(tickers):
        log_variance = np.log(variance[:, own])
        windows = pd.DataFrame(log_variance).rolling(
            NEIGHBOURS, center=True, min_periods=FEWEST_NEIGHBOURS
        )
        level[:, own] = windows.median().to_numpy()
        deviation = log_variance - level[:, own]
        spread[own], regular[own] = _measure_spread(deviation), _find_regular(deviation)
    spread = _fill_spread(spread)
    whole = np.maximum(WHOLE * spread, regular)
    bounded, ignored = np.empty_like(variance), np.empty(variance.shape, dtype=bool)
    for own in iterate_tickers(tickers):
        bounded[:, own], ignored[:, own] = _bound_deviations(
            variance[:, own], level[:, own], spread[own], whole[own]
        )
    return bounded, ignored


def _bound_deviations(
    variance: Float, level: Float, spread: Float, whole: Float
) -> tuple[Float, NDArray[np.bool_]]:
    """Return bounded variances and where a session is ignored, both (T, N); see `bound_variance`.

    `spread` and `whole` (N,) are a spread, and the largest deviation that is kept.
    """
    deviation = np.log(variance) - level
    smallest = -WHOLE * spread
    with np.errstate(invalid="ignore"):  # an infinite spread bounds nothing
        excess = (deviation - whole) / (FALL * spread)  # in [0, 1] where a deviation counts less
    kept = np.where(excess > 0, whole * np.clip(1.0 - excess, 0.0, 1.0), smallest)
    outlying = (excess > 0) | (deviation < smallest)
    return np.where(outlying, np.exp(level + kept), variance), excess > 1


def compute_tail_factor(
    variance: Float, bounded: Float, pooled: NDArray[np.bool_] | None = None
) -> float:
    """Return the share, 1 or more, of the mean variance that bounds take from regular extremes.

    It is the mean over the `pooled` tickers (N,), by default all, of ``mean(variance) /
    mean(bounded)``, quarter by quarter, and of the quarters the median: a single wrong session can
    change one of them only.
    """
    quarters = len(variance) // QUARTER
    if quarters < FEWEST_QUARTERS:
        return 1.0
    ratio = np.empty((quarters, variance.shape[1]))
    for own in iterate_tickers(variance.shape[1]):
        totals = [
            np.nansum(values[-quarters * QUARTER :, own].reshape(quarters, QUARTER, -1), axis=1)
            for values in (variance, bounded)
        ]
        with np.errstate(invalid="ignore"):
            ratio[:, own] = totals[0] / totals[1]
    if pooled is not None:
        ratio[:, ~pooled] = np.nan
    by_quarter = pd.DataFrame(ratio).mean(axis=1).median()
    return max(float(by_quarter), 1.0) if np.isfinite(by_quarter) else 1.0


def iterate_tickers(count: int) -> Iterator[slice]:
    """Yield blocks of `count` tickers: what is computed of a large panel is not held at once."""
    for first in range(0, count, TICKERS_PER_BLOCK):
        yield slice(first, first + TICKERS_PER_BLOCK)


def _find_regular(deviation: Float) -> Float:
    """Return the `REGULAR`-largest deviation of each ticker, (N,); 0 for one with fewer."""
    known = np.where(np.isfinite(deviation), deviation, 0.0)
    if len(known) < REGULAR:
        return np.zeros(known.shape[1])
    return np.asarray(np.partition(known, -REGULAR, axis=0)[-REGULAR])


def _measure_spread(deviation: Float) -> Float:
    """Return the robust standard deviation of each ticker, (N,); NaN for a short history."""
    spread = NORMAL * pd.DataFrame(np.abs(deviation)).median().to_numpy()
    return np.where(np.isfinite(deviation).sum(axis=0) < FEWEST_SESSIONS, np.nan, spread)


def _fill_spread(spread: Float) -> Float:
    """Return spreads (N,), for unknown ones the median of all; infinite if none is known."""
    known = spread[spread > 0]
    return np.where(spread > 0, spread, np.median(known) if len(known) else np.inf)


def _compute_share(bounded: Float, variance: Float, sessions: int) -> Float:
    """Return the mean bounded variance of the last `sessions` in shares of the mean variance.

    It is 1 where no variance is known.
    """
    means = [
        pd.DataFrame(values).rolling(sessions, min_periods=1).mean().to_numpy()
        for values in (bounded, variance)
    ]
    share = means[0] / means[1]
    return np.where(np.isfinite(share), share, 1.0)
