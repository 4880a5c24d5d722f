"""Prediction intervals of a table of forecasts, for the walk-forward and the daily job alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.models.conformal import (
    ForecastRows,
    LogIntervals,
    SeriesLabels,
    compute_log_intervals,
)

SERIES = ["model", "horizon", "ticker"]
ERROR_COLUMNS = [*SERIES, "origin", "target_end", "short_history", "log_error"]


def compute_intervals(
    rows: pd.DataFrame, level: float, further: Sequence[float] = ()
) -> pd.DataFrame:
    """Return the prediction interval of every row, from the errors known at its origin.

    An error is known at the close of its `target_end`.

    Parameters
    ----------
    rows
        `ERROR_COLUMNS`, one row a series and origin: the forecasts that need an interval, and all
        earlier ones whose errors count. `log_error` is ``log(realized / variance)``, NaN where the
        outcome is not known. `short_history` says that the ticker's history was short; without a
        value, as in errors stored by earlier versions, it was not.
    level
        Probability of the interval.
    further
        Probabilities of further intervals, from the same distribution.

    Returns
    -------
    `log_lower`, `log_upper` and `pit`, with the index of `rows`: the bounds of the log error, and
    the probability of a smaller one than the outcome; `log_lower_80`, `log_upper_80` and so on for
    each further interval (`name_bounds`). All intervals hold zero, the forecast itself.

    Examples
    --------
    >>> days = pd.bdate_range("2024-01-01", periods=100)
    >>> error = np.random.default_rng(0).normal(size=99)
    >>> rows = pd.DataFrame({"model": "har", "horizon": 1, "ticker": "A", "origin": days[:-1],
    ...     "target_end": days[1:], "short_history": False, "log_error": error})
    >>> compute_intervals(rows, 0.9).iloc[-1].round(2).to_dict()
    {'log_lower': -1.28, 'log_upper': 1.75, 'pit': 0.03}
    """
    tails = [(1.0 - each) / 2.0 for each in further]
    found = _compute(rows, level, tails)
    bounds = {"log_lower": found.lower, "log_upper": found.upper, "pit": found.pit}
    for place, (lower, upper) in enumerate(map(name_bounds, further)):
        bounds[f"log_{lower}"] = np.minimum(found.below[:, place], 0.0)
        bounds[f"log_{upper}"] = np.maximum(found.above[:, place], 0.0)
    return pd.DataFrame(bounds, index=rows.index)


def compute_log_quantiles(
    rows: pd.DataFrame, level: float, probabilities: Sequence[float]
) -> pd.DataFrame:
    """Return quantiles of the log error of every row, from the errors known at its origin.

    Parameters
    ----------
    rows, level
        See `compute_intervals`; the distribution is the one that gives its intervals.
    probabilities
        In (0, 1).

    Returns
    -------
    One column a probability, which is its name, with the index of `rows`.
    """
    found = _compute(rows, level, [min(p, 1.0 - p) for p in probabilities])
    columns = {
        p: (found.below if p <= 0.5 else found.above)[:, place]
        for place, p in enumerate(probabilities)
    }
    return pd.DataFrame(columns, index=rows.index)


def name_bounds(level: float) -> tuple[str, str]:
    """Return the names of the columns of an interval's bounds.

    Examples
    --------
    >>> name_bounds(0.8), name_bounds(0.975)
    (('lower_80', 'upper_80'), ('lower_97.5', 'upper_97.5'))
    """
    percent = f"{100.0 * level:g}"
    return f"lower_{percent}", f"upper_{percent}"


def _compute(rows: pd.DataFrame, level: float, tails: Sequence[float]) -> LogIntervals:
    sessions, origin = np.unique(rows["origin"].to_numpy("datetime64[us]"), return_inverse=True)
    series, labels = _number_series(rows)
    numbered = ForecastRows(
        series=series,
        origin=origin,
        known_at=np.searchsorted(sessions, rows["target_end"].to_numpy("datetime64[us]")),
        log_error=rows["log_error"].to_numpy(np.float64),
        short_history=rows["short_history"].eq(True).to_numpy(bool, na_value=False),
    )
    return compute_log_intervals(numbered, labels, level, tails)


def compute_log_error(realized: pd.Series, variance: pd.Series) -> NDArray[np.float64]:
    """Return ``log(realized / variance)``; NaN where the outcome is no positive number."""
    known = realized.where(realized > 0)
    ratio = known.to_numpy(np.float64) / variance.to_numpy(np.float64)
    return np.asarray(np.log(ratio))


def _number_series(rows: pd.DataFrame) -> tuple[NDArray[np.intp], SeriesLabels]:
    """Return the number of each row's series, sorted by model, horizon and ticker; their labels."""
    model, _ = pd.factorize(rows["model"], sort=True)
    horizon, horizons = pd.factorize(rows["horizon"], sort=True)
    ticker, tickers = pd.factorize(rows["ticker"], sort=True)
    code = (model * len(horizons) + horizon) * len(tickers) + ticker
    codes, series = np.unique(code, return_inverse=True)
    group = codes // max(len(tickers), 1)
    horizon_of_series = np.asarray(horizons)[group % max(len(horizons), 1)].astype(np.intp)
    return series, SeriesLabels(group, horizon_of_series)
