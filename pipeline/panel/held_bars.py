"""The features of tickers whose newest bar is held back: those of the session before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from volcast.features.panel import Panel

LONGEST_GAP = 5  # sessions before the held bar, the last known of which takes its place


def carry_features(panel: Panel, held: Mapping[str, pd.Timestamp]) -> Panel:
    """Return the panel with features in the sessions of held bars, so that they can be forecast.

    Parameters
    ----------
    panel
        Its sessions include those of `held`, in which these tickers have no bar.
    held
        Ticker to session; tickers that the panel lacks are ignored.

    Returns
    -------
    The panel; the row of a held bar has the features and the level factor of the ticker's last
    forecastable row within `LONGEST_GAP` sessions before it. Variance and return stay NaN: nothing
    is learnt from the row.
    """
    carried = {ticker: session for ticker, session in held.items() if ticker in panel.tickers}
    if not carried:
        return panel
    place, level_factor = panel.x.place.copy(), panel.level_factor.copy()
    needed = np.flatnonzero(~(panel.optional | panel.long_run)).tolist()
    forecastable = panel.x.is_finite(needed)
    for ticker, session in carried.items():
        column = panel.tickers.index(ticker)
        row = int(panel.sessions.get_indexer(pd.DatetimeIndex([session]))[0])
        first = max(0, row - LONGEST_GAP)
        known = np.flatnonzero(forecastable[first : row + 1, column])
        # On a day without a session, or in a row that can be forecast from, nothing is carried.
        if row >= 0 and len(known) and first + known[-1] < row:
            last = first + known[-1]
            place[row, column] = place[last, column]
            level_factor[row, column] = panel.level_factor[last, column]
    x = dataclasses.replace(panel.x, place=place)
    return dataclasses.replace(panel, x=x, level_factor=level_factor)
