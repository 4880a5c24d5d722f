"""Features of the exchange calendar, which is known in advance.

All are (T, N), the same for every ticker of the exchange. They speak of the session after t that
was planned at the close of t; where the exchange then stayed closed unforeseen, the target begins
later than they say. NaN where the days handed in are NaN.
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
    """1 where the planned first session of the target falls on the named weekday, else 0."""
    origin_weekday = bars.sessions.day_of_week.to_numpy()
    target_weekday = (origin_weekday + bars.days_to_next) % DAYS_PER_WEEK
    falls_on_it = np.where(np.isnan(target_weekday), np.nan, target_weekday == weekday)
    return _for_every_ticker(bars, falls_on_it)


@feature("calendar")
def days_since_previous(bars: Bars) -> FloatArray:
    """Calendar days from the session before t to session t."""
    return _for_every_ticker(bars, bars.days_since_previous)


@feature("calendar")
def days_to_next(bars: Bars) -> FloatArray:
    """Calendar days from session t to the planned first session of the target."""
    return _for_every_ticker(bars, bars.days_to_next)


def _for_every_ticker(bars: Bars, column: FloatArray) -> FloatArray:
    """Repeat a (T,) column for the N tickers, without copying it."""
    return np.broadcast_to(column[:, None], bars.close.shape)
