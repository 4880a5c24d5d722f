"""From closes of exogenous series to the positions at which an exchange knows them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.features.exogenous_series import ExogenousSeries
from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.data.calendars.sessions import sessions_between


def align_series(
    closes: pd.DataFrame, sessions: pd.DatetimeIndex, calendar: str
) -> dict[str, ExogenousSeries]:
    """Place the closes of series on the sessions of an exchange.

    A close is known at the close of a session if the series closed at the same moment or before:
    that of an exchange that closes later is known a session later.

    Parameters
    ----------
    closes
        Rows of `volcast.pipeline.panel.external.SERIES_COLUMNS`.
    sessions
        Of the grid.
    calendar
        Name of the exchange's calendar.

    Returns
    -------
    Name to series; a close that no session knows yet is left out.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2024-01-04", "2024-01-05"])
    >>> known_at = pd.DatetimeIndex(["2024-01-04 21:00", "2024-01-05 21:00"], tz="UTC")
    >>> table = {"series": "^VIX", "session": days, "close": [14.1, 13.4], "known_at": known_at}
    >>> [align_series(pd.DataFrame(table), days, name)["^VIX"].known_from.tolist()
    ...  for name in ("XNYS", "XETR")]  # Frankfurt knows the last close of New York on Monday
    [[0, 1], [1]]
    """
    if closes.empty:
        return {}
    first = min(closes["session"].min(), sessions[0])
    earlier = sessions_between(calendar, first, sessions[0])
    earlier = earlier[earlier < sessions[0]]
    moments = closing_moments(calendar, pd.DatetimeIndex(earlier.append(sessions)))
    aligned = {}
    for name, own in closes.groupby("series", sort=False):
        position = moments.searchsorted(pd.DatetimeIndex(own["known_at"]), side="left")
        known = position < len(moments)
        aligned[str(name)] = ExogenousSeries(
            own["close"].to_numpy(np.float64)[known], position[known] - len(earlier)
        )
    return aligned
