"""Features of the exchange calendar, which is known in advance.

All are (T, N) and equal for every ticker of the exchange. They describe the next session as it was
planned at the close of t; if the exchange then closes unexpectedly, the target begins later than
they say. NaN where the calendar days of the bars are NaN.
"""

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars
from volcast.features.registry import feature

DAYS_PER_WEEK = 7


@feature(
    "calendar",
    target_monday=0,
    target_tuesday=1,
    target_wednesday=2,
    target_thursday=3,
    target_friday=4,
)
def target_weekday(bars: Bars, weekday: int) -> FloatArray:
    """1 if the planned first session of the target falls on the weekday of the name, else 0.

    Parameters
    ----------
    bars
        Bars of one exchange.
    weekday
        0 for Monday to 4 for Friday.

    Returns
    -------
    (T, N) values 0 and 1.

    Examples
    --------
    After a Thursday and a Friday the next session is a Friday and a Monday:

    >>> from types import SimpleNamespace
    >>> import pandas as pd
    >>> sessions = pd.DatetimeIndex(["2024-01-04", "2024-01-05"])
    >>> days = np.array([1.0, 3.0])
    >>> bars = SimpleNamespace(sessions=sessions, days_to_next=days, close=np.ones((2, 1)))
    >>> target_weekday(bars, 0).ravel()
    array([0., 1.])
    """
    origin_weekday = bars.sessions.day_of_week.to_numpy()
    target_weekday = (origin_weekday + bars.days_to_next) % DAYS_PER_WEEK
    is_weekday = np.where(np.isnan(target_weekday), np.nan, target_weekday == weekday)
    return _broadcast_to_tickers(bars, is_weekday)


@feature("calendar")
def days_since_previous(bars: Bars) -> FloatArray:
    """Calendar days from the session before t to session t.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) days, 1 between consecutive days.
    """
    return _broadcast_to_tickers(bars, bars.days_since_previous)


@feature("calendar")
def days_to_next(bars: Bars) -> FloatArray:
    """Calendar days from session t to the planned first session of the target.

    Parameters
    ----------
    bars
        Bars of one exchange.

    Returns
    -------
    (T, N) days, 3 over a weekend.
    """
    return _broadcast_to_tickers(bars, bars.days_to_next)


def _broadcast_to_tickers(bars: Bars, column: FloatArray) -> FloatArray:
    """Repeat a (T,) column for the N tickers, without copying it."""
    return np.broadcast_to(column[:, None], bars.close.shape)
