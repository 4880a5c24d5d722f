"""Value at risk and expected shortfall from variance forecasts, by filtered historical simulation.

The return of the next session is its forecast volatility times a residual; the residuals of the
past are the distribution of the next (Barone-Adesi, Giannopoulos & Vosper 1999). Nothing after the
origin enters.
"""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.reports.scoring.inference import Floats

LEVELS = (0.01, 0.05)
WINDOW = 500  # origins whose residuals are the distribution
REFRESH = 5  # sessions after which they are collected again
FEWEST = 250  # residuals; with fewer the 1 % quantile is not defined well enough
FEWEST_OWN = 400  # residuals of a ticker; with fewer, those of all tickers are used
ROUNDING = 1e-9  # keeps a product such as 100 * 0.29 from falling below the rank 29

TAIL_COLUMNS = ["model", "origin", "ticker", "level", "log_return", "var", "es"]


def tail_forecasts(rows: pd.DataFrame) -> pd.DataFrame:
    """Forecast value at risk and expected shortfall for the tested rows.

    Parameters
    ----------
    rows
        One-session forecasts with `model, origin, target_end, ticker, variance, tested` and
        `log_return`, the return of the session forecast (NaN if not known). Rows that are not
        `tested` serve as history only.

    Returns
    -------
    DataFrame
        `model, origin, ticker, level, log_return, var, es`. `var` is the quantile of the return at
        `level` (of the rank that `tail_rank` gives) and `es` the mean of the returns up to it; both
        are log returns, usually negative. Rows without a known return or without history are left
        out.
    """
    rows = rows[(rows["variance"] > 0) & rows["log_return"].notna()]
    parts = [part for model in rows["model"].unique() for part in _of_model(rows, model)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=TAIL_COLUMNS)


def tail_rank(count: int, level: float) -> int:
    """Return the rank of the residual that serves as quantile, 1 for the smallest.

    Parameters
    ----------
    count
        Number n of residuals.
    level
        Probability of a return below the quantile.

    Returns
    -------
    int
        ``floor((n + 1) level)``, at least 1.

    Examples
    --------
    >>> tail_rank(500, 0.01), tail_rank(250, 0.01)
    (5, 2)

    Notes
    -----
    The next of n + 1 exchangeable residuals is equally likely to take each rank among them, so it
    falls below the k-th smallest of the others with probability ``k / (n + 1)`` (Wilks 1941): this
    is the largest rank whose probability does not exceed the level. Given that it falls below, it
    is one of the k smallest of the n + 1, each equally likely; the expected shortfall is
    therefore the mean of the k smallest residuals, the quantile included.
    """
    return max(math.floor((count + 1) * level + ROUNDING), 1)


def _of_model(rows: pd.DataFrame, model: str) -> Iterator[pd.DataFrame]:
    """Yield the tails of one model, a frame a level."""
    own_rows = rows[rows["model"] == model].sort_values(["origin", "ticker"], kind="stable")
    volatility = np.sqrt(own_rows["variance"].to_numpy(np.float64))
    residual = own_rows["log_return"].to_numpy(np.float64) / volatility
    quantile, beyond = _residual_tails(own_rows, residual)
    known = own_rows["tested"].to_numpy(bool) & np.isfinite(quantile[0])
    named = own_rows.loc[known, ["model", "origin", "ticker", "log_return"]]
    for place, level in enumerate(LEVELS):
        var, es = (tail[place, known] * volatility[known] for tail in (quantile, beyond))
        yield named.assign(level=level, var=var, es=es)[TAIL_COLUMNS]


def _residual_tails(rows: pd.DataFrame, residual: Floats) -> tuple[Floats, Floats]:
    """Return quantile and mean beyond it, (levels, rows), of the residuals known before a row.

    They are collected again every `REFRESH` origins, as known at the first of these.
    """
    days, day = np.unique(rows["origin"].to_numpy(), return_inverse=True)
    tickers, ticker = np.unique(rows["ticker"].to_numpy(str), return_inverse=True)
    known_at = np.full((len(tickers), len(days)), len(days))
    known_at[ticker, day] = np.searchsorted(days, rows["target_end"].to_numpy())
    history = np.full(known_at.shape, np.inf)
    history[ticker, day] = residual
    starts = np.searchsorted(day, np.arange(len(days) + 1))
    tested = rows["tested"].to_numpy(bool)
    quantile, beyond = np.full((2, len(LEVELS), len(rows)), np.nan)
    for first in range(0, len(days), REFRESH):
        due = slice(starts[first], starts[min(first + REFRESH, len(days))])
        window = slice(max(first - WINDOW, 0), first)
        past = np.where(known_at[:, window] <= first, history[:, window], np.inf)
        counts = np.isfinite(past).sum(axis=1)
        if counts.sum() < FEWEST or not tested[due].any():
            continue
        everything, row = len(tickers), ticker[due]
        sample = np.where(counts[row] >= FEWEST_OWN, row, everything)
        own, pooled = _tails(past, counts), _tails(past.reshape(1, -1), counts.sum(keepdims=True))
        for found, of_tickers, of_all in zip((quantile, beyond), own, pooled, strict=True):
            found[:, due] = np.concatenate([of_tickers, of_all], axis=1)[:, sample]
    return quantile, beyond


def _tails(residual: Floats, counts: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return quantile and mean beyond it, (levels, samples).

    Parameters
    ----------
    residual
        A row a sample, with infinity where there is none.
    counts
        The number of residuals of each sample.
    """
    different, place = np.unique(counts, return_inverse=True)
    ranks = [np.array([tail_rank(int(n), level) for n in different])[place] for level in LEVELS]
    deepest = int(np.max(ranks))
    lowest = np.sort(np.partition(residual, deepest - 1, axis=1)[:, :deepest], axis=1)
    sums, sample = np.cumsum(lowest, axis=1), np.arange(len(residual))
    quantile = np.stack([lowest[sample, rank - 1] for rank in ranks])
    return quantile, np.stack([sums[sample, rank - 1] / rank for rank in ranks])
