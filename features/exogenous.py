"""Features of exogenous series, such as the VIX: how far the newest known close has moved.

All are (T, N), equal for all tickers, and optional; row t uses the closes known at the close of t
(`volcast.features.exogenous_series`). Windows are over the series' own sessions. Levels are left
out: they are the same for all tickers of a day, so that a model memorises past days by them.
"""

from __future__ import annotations

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars
from volcast.features.registry import series_feature
from volcast.features.windows import lag_rows, window_mean

FAMILY = "exogenous"


@series_feature(FAMILY, exogenous_deviation_5=5, exogenous_deviation_22=22)
def exogenous_deviation(bars: Bars, series: str, sessions: int) -> FloatArray:
    """Log close of a series less its mean over the series' last 5 or 22 sessions.

    Parameters
    ----------
    bars
        Bars of one exchange.
    series
        Name of the series.
    sessions
        Length of the window.

    Returns
    -------
    (T, N) differences of logs; NaN before the window is full, and where no close is known or the
    newest is too old.
    """
    log_close = _get_log_close(bars, series)
    return _align(bars, series, log_close - window_mean(log_close, sessions, min_valid=sessions))


@series_feature(FAMILY)
def exogenous_change(bars: Bars, series: str) -> FloatArray:
    """Log change of a series from its close before the newest known one to that one.

    Parameters
    ----------
    bars
        Bars of one exchange.
    series
        Name of the series.

    Returns
    -------
    (T, N) differences of logs; NaN where fewer than two closes are known or the newest is too old.
    """
    log_close = _get_log_close(bars, series)
    return _align(bars, series, log_close - lag_rows(log_close, 1))


def _get_log_close(bars: Bars, series: str) -> FloatArray:
    """Return the log closes, (S, 1); without a row if the grid lacks the series."""
    known = bars.series.get(series)
    return np.empty((0, 1)) if known is None else np.log(known.close)[:, None]


def _align(bars: Bars, series: str, values: FloatArray) -> FloatArray:
    """Return (S, 1) values of a series on the sessions of the grid, for all tickers."""
    known, shape = bars.series.get(series), bars.close.shape
    if known is None:
        return np.full(shape, np.nan)
    return np.broadcast_to(known.align(values[:, 0], shape[0])[:, None], shape)
