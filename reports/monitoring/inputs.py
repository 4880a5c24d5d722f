"""Drift of inputs: whether recent features are distributed as in the years before.

The usual limits of the population stability index (0.1, 0.25) hold for independent customers.
Features of a market are neither independent from day to day nor from ticker to ticker: a quarter
of any past year would exceed them. Here the limit comes from the sessions before, the reference: it
is a quantile of the index over all their windows of the same length.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
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


def input_drift(
    reference: pd.DataFrame, recent: pd.DataFrame, features: Sequence[str]
) -> pd.DataFrame:
    """Measure how far each feature drifted.

    Parameters
    ----------
    reference
        One row an origin and ticker: `origin` and the features, of the sessions before.
    recent
        The same for the last sessions that are judged together, such as 63.
    features
        The columns to compare; NaN is a value of its own, so that a missing feature shows.

    Returns
    -------
    DataFrame
        `feature, psi, psi_limit, ks, ks_limit`, one row a feature.

    Raises
    ------
    ValueError
        `recent` is empty.

    Notes
    -----
    Every date has the same weight, whatever the number of its tickers. PSI is
    ``sum (p - q) log(p / q)`` over the deciles of the reference, KS the largest distance of the
    distribution functions over 50 quantiles. The limits are the quantiles at
    ``1 - 0.01 / features`` of a gamma law (as of quadratic forms: Satterthwaite 1946) with mean and
    variance of the statistic over all windows of the reference that are as long as `recent`;
    that of PSI is at least 0.1. They are NaN if the reference holds fewer than four such
    windows.
    """
    if recent.empty:
        raise ValueError("recent must hold at least one session; it is empty")
    window = recent["origin"].nunique()
    rows = [(name, *_measure(reference, recent, name, window, len(features))) for name in features]
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


def _measure(
    before: pd.DataFrame, recent: pd.DataFrame, name: str, window: int, features: int
) -> tuple[float, ...]:
    """Return PSI with its limit and KS with its limit for one feature."""
    past, now = (table[name].to_numpy(np.float64) for table in (before, recent))
    found: list[float] = []
    for statistic, bins in ((population_stability, PSI_BINS), (kolmogorov_smirnov, KS_BINS)):
        edges = _edges(past, bins)
        by_date = _shares_by_date(past, before["origin"], edges)
        reference = by_date.sum(axis=0)
        sums = np.cumsum(np.vstack([np.zeros_like(reference), by_date]), axis=0)
        windows = statistic(sums[window:] - sums[:-window], reference)
        enough = len(by_date) >= FEWEST_WINDOWS * window
        limit = _limit(windows, FALSE_ALARMS / features) if enough else np.nan
        seen = _shares_by_date(now, recent["origin"], edges).sum(axis=0)
        found += [float(statistic(seen, reference)), limit]
    psi, psi_limit, ks, ks_limit = found
    return psi, float(np.maximum(psi_limit, LEAST_SHIFT)), ks, ks_limit


def _edges(values: Floats, bins: int) -> Floats:
    """Return the inner quantiles of the finite values, each once."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.array([])
    return np.unique(np.quantile(finite, np.arange(1, bins) / bins))


def _shares_by_date(values: Floats, origins: pd.Series, edges: Floats) -> Floats:
    """Return the share of each bin by date, dates ascending; the last bin holds what is missing."""
    bins = len(edges) + 2
    place = np.where(np.isfinite(values), np.searchsorted(edges, values, side="left"), bins - 1)
    _, date = np.unique(origins.to_numpy(), return_inverse=True)
    dates = int(date.max()) + 1
    rows = np.bincount(date * bins + place, minlength=dates * bins).reshape(dates, bins)
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def _limit(windows: Floats, rate: float) -> float:
    """Return the upper quantile of the gamma law with the mean and variance of the windows."""
    mean, variance = float(windows.mean()), float(windows.var())
    if variance <= 0:
        return mean
    return float(gammainccinv(mean**2 / variance, rate) * variance / mean)
