"""Drift of inputs: whether recent features are distributed as in the years before.

The usual limits of the population stability index (0.1, 0.25) hold for independent customers.
Features of a market are neither independent from day to day nor from ticker to ticker: a quarter
of any past year would exceed them. Here the limit comes from the sessions before, the reference: it
is a quantile of the index over all their windows of the same length.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammainccinv

from volcast.reports.monitoring.alerts import Observation
from volcast.reports.scoring.inference import Floats

FALSE_ALARMS = 0.01  # of one check of all features, in a market that does not change
CLEAR_SHARE = 0.8  # of the limit
LEAST_SHIFT = 0.1  # of PSI; smaller shifts are irrelevant, even if significant
PSI_BINS, KS_BINS = 10, 50
HALF_SESSION = 0.5  # added to each bin, or an empty one would make the index infinite
FEWEST_WINDOWS = 4  # without overlap in the reference
COLUMNS = ["feature", "psi", "psi_limit", "ks", "ks_limit"]


def input_drift(features: Iterable[tuple[str, Floats, Floats]], count: int) -> pd.DataFrame:
    """Measure how far each feature drifted.

    Parameters
    ----------
    features
        For each its name; its values (S, N) in the sessions before, the reference; and its values
        (T, N) in the last sessions, such as 63, which are judged together. NaN is a value of its
        own, so that a missing feature shows. Two features of a large market need not be held at
        once.
    count
        The number of features.

    Returns
    -------
    DataFrame
        `feature, psi, psi_limit, ks, ks_limit`, one row a feature.

    Raises
    ------
    ValueError
        A feature has no last sessions.

    Notes
    -----
    Every session has the same weight. PSI is ``sum (p - q) log(p / q)`` over the deciles of the
    reference, KS the largest distance of the distribution functions over 50 quantiles. The limits
    are the quantiles at ``1 - 0.01 / count`` of a gamma law (as of quadratic forms: Satterthwaite
    1946) with mean and variance of the statistic over all windows of the reference that are as long
    as the last sessions; that of PSI is at least 0.1. They are NaN if the reference holds fewer
    than four such windows.
    """
    rate = FALSE_ALARMS / count
    rows = [(name, *_measure(before, last, rate)) for name, before, last in features]
    return pd.DataFrame(rows, columns=COLUMNS)


def input_observations(drift: pd.DataFrame) -> list[Observation]:
    """Return the result of `input_drift` as observations; features without a limit are left out."""
    return [
        Observation(
            "input drift",
            feature,
            psi,
            psi_limit,
            CLEAR_SHARE * psi_limit,
            f"{feature}: PSI {psi:.2f} (limit {psi_limit:.2f}), KS {ks:.2f} (limit {ks_limit:.2f})",
        )
        for feature, psi, psi_limit, ks, ks_limit in drift[COLUMNS].itertuples(index=False)
        if np.isfinite(psi_limit)
    ]


def population_stability(counts: Floats, reference: Floats) -> Floats:
    """Return the index of sessions by bin (..., bins) against a reference (bins).

    Examples
    --------
    >>> population_stability(np.array([5.0, 5.0]), np.array([50.0, 50.0]))
    array(0.)
    """
    p, q = (
        (x + HALF_SESSION) / (x + HALF_SESSION).sum(axis=-1, keepdims=True)
        for x in (counts, reference)
    )
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=-1))


def kolmogorov_smirnov(counts: Floats, reference: Floats) -> Floats:
    """Return the largest distance between distributions, sessions by bin (..., bins), (bins).

    Examples
    --------
    >>> kolmogorov_smirnov(np.array([8.0, 2.0]), np.array([50.0, 50.0])).round(2)
    np.float64(0.3)
    """
    p, q = (np.cumsum(x, axis=-1) / x.sum(axis=-1, keepdims=True) for x in (counts, reference))
    return np.asarray(np.abs(p - q).max(axis=-1))


def _measure(before: Floats, last: Floats, rate: float) -> tuple[float, ...]:
    """Return PSI with its limit and KS with its limit for one feature."""
    if not len(last):
        raise ValueError("there must be at least one last session; got none")
    fine, coarse = _find_edges(before)
    by_session, recent = _count_by_session(before, fine), _count_by_session(last, fine)
    deciles = [0, *(np.searchsorted(fine, coarse) + 1).tolist(), len(fine) + 1]
    found: list[float] = []
    for statistic, first in ((population_stability, deciles), (kolmogorov_smirnov, None)):
        past, now = (_compute_shares(counts, first) for counts in (by_session, recent))
        reference, window = past.sum(axis=0), len(last)
        sums = np.cumsum(np.vstack([np.zeros_like(reference), past]), axis=0)
        windows = statistic(sums[window:] - sums[:-window], reference)
        limit = _limit(windows, rate) if len(past) >= FEWEST_WINDOWS * window else np.nan
        found += [float(statistic(now.sum(axis=0), reference)), limit]
    psi, psi_limit, ks, ks_limit = found
    return psi, float(np.maximum(psi_limit, LEAST_SHIFT)), ks, ks_limit


def _find_edges(values: Floats) -> tuple[Floats, Floats]:
    """Return the inner quantiles of the finite values and the deciles among them, each once."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.array([]), np.array([])
    quantiles = np.quantile(finite, np.arange(1, KS_BINS) / KS_BINS)
    step = KS_BINS // PSI_BINS
    return np.unique(quantiles), np.unique(quantiles[step - 1 :: step])


def _count_by_session(values: Floats, edges: Floats) -> NDArray[np.intp]:
    """Return the number of values by session and bin; the last bin holds what is missing."""
    sessions, bins = len(values), len(edges) + 2
    place = np.where(np.isfinite(values), np.searchsorted(edges, values, side="left"), bins - 1)
    place += bins * np.arange(sessions)[:, None]
    return np.bincount(place.ravel(), minlength=sessions * bins).reshape(sessions, bins)


def _compute_shares(counts: NDArray[np.intp], first: list[int] | None) -> Floats:
    """Return the share of each bin by session; bins are joined to those that begin at `first`."""
    joined = counts if first is None else np.add.reduceat(counts, first, axis=1)
    return np.asarray(joined / joined.sum(axis=1, keepdims=True))


def _limit(windows: Floats, rate: float) -> float:
    """Return the upper quantile of the gamma law with the mean and variance of the windows."""
    mean, variance = float(windows.mean()), float(windows.var())
    if variance <= 0:
        return mean
    return float(gammainccinv(mean**2 / variance, rate) * variance / mean)
