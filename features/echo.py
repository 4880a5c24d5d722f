"""The earnings echo: how unusual the days were one to four quarters before the target day.

Companies report each quarter, mostly on the same weekday 13 weeks later, on days whose variance and
volume are several times the usual. Found from past prices alone. All are (T, N), logs; row t uses
data to the close of t. All are optional: they need a year of history and, some, a volume.
"""

from typing import Any

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars
from volcast.features.registry import NEAR, QUARTERS, feature
from volcast.features.windows import window_max

DAYS_A_QUARTER = 91  # 13 weeks: the same weekday
Places = dict[str, Any]  # by name of the feature: how many quarters back, how near


def _places(name: str) -> Places:
    return {
        f"{name}_{quarters}q_{near}": (quarters, near) for quarters in QUARTERS for near in NEAR
    }


@feature("echo", optional=True, **_places("echo"))
def echo(bars: Bars, place: tuple[int, int]) -> FloatArray:
    """Largest variance surprise within 0, 1 or 4 sessions of the target's day, quarters earlier."""
    return _about_earlier_day(bars, bars.variance_surprise, *place)


@feature("echo", optional=True, **_places("volume_echo"))
def volume_echo(bars: Bars, place: tuple[int, int]) -> FloatArray:
    """Largest volume surprise within 0, 1 or 4 sessions of the target's day, quarters earlier."""
    return _about_earlier_day(bars, bars.volume_surprise, *place)


def _about_earlier_day(bars: Bars, x: FloatArray, quarters: int, near: int) -> FloatArray:
    """Return the largest `x` within `near` sessions of the target's day, `quarters` earlier.

    NaN where fewer than half of these sessions are valid, or where they are not all past.
    """
    length = 2 * near + 1
    largest = window_max(x, length, at_least=max(1, length // 2)) if near else x
    sessions = bars.sessions.to_numpy("datetime64[D]")
    ahead = np.nan_to_num(bars.days_to_next, nan=1.0).astype("timedelta64[D]")
    earlier_day = sessions + ahead - np.timedelta64(DAYS_A_QUARTER * quarters, "D")
    last = sessions.searchsorted(earlier_day) + near
    past = np.isfinite(bars.days_to_next) & (last >= length - 1) & (last <= np.arange(len(last)))
    result = np.full(x.shape, np.nan)
    result[past] = largest[last[past]]
    return result
