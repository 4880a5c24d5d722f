"""The earnings echo: how unusual the days were one to four quarters before the target day.

Companies report each quarter, mostly on the same weekday 13 weeks later, on days whose variance and
volume are several times the usual. The echo finds those days from past prices alone.

All are (T, N), in logs; row t uses data to the close of t. All are optional: they need a year of
history, and some need a volume. Where reports of the ticker are known, they are NaN: known dates
(`volcast.features.earnings_reports`) say the same, and better. `echo_2q_4`, for example, is the
largest variance surprise within 4 sessions of the day 26 weeks before the first session of the
target.
"""

from typing import Any

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.bars import Bars
from volcast.features.registry import feature
from volcast.features.report_columns import find_report_columns
from volcast.features.windows import window_max

DAYS_PER_QUARTER = 91  # 13 weeks: the same weekday
ECHO_QUARTERS = (1, 2, 3, 4)  # how many quarters before the target day
ECHO_RADII = (0, 1, 4)  # sessions to either side of that day


def _list_columns(prefix: str) -> dict[str, Any]:
    """Return the name of each feature with its quarters and its radius."""
    return {
        f"{prefix}_{quarters}q_{radius}": (quarters, radius)
        for quarters in ECHO_QUARTERS
        for radius in ECHO_RADII
    }


@feature("echo", optional=True, **_list_columns("echo"))
def variance_echo(bars: Bars, window: tuple[int, int]) -> FloatArray:
    """Largest variance surprise near the day one to four quarters before the target's first day.

    Parameters
    ----------
    bars
        Bars of one exchange.
    window
        Quarters back, and sessions to either side of that day.

    Returns
    -------
    (T, N) differences of logs (see `Bars.variance_surprise`). NaN where fewer than half of the
    sessions of the window are valid, or where not all of them are past at the close of t.
    """
    return _compute_echo(bars, bars.variance_surprise, *window)


@feature("echo", optional=True, **_list_columns("volume_echo"))
def volume_echo(bars: Bars, window: tuple[int, int]) -> FloatArray:
    """Largest volume surprise near the day one to four quarters before the target's first day.

    Parameters
    ----------
    bars
        Bars of one exchange.
    window
        Quarters back, and sessions to either side of that day.

    Returns
    -------
    (T, N) differences of logs (see `Bars.volume_surprise`). NaN where fewer than half of the
    sessions of the window are valid, or where not all of them are past at the close of t.
    """
    return _compute_echo(bars, bars.volume_surprise, *window)


def _compute_echo(bars: Bars, x: FloatArray, quarters: int, radius: int) -> FloatArray:
    """Return the largest `x` within `radius` sessions of the target's first day, `quarters` ago.

    NaN where fewer than half of these sessions are valid, where they are not all past, and where a
    report of the ticker is known.
    """
    length = 2 * radius + 1
    largest = window_max(x, length, min_valid=max(1, length // 2)) if radius else x
    sessions = bars.sessions.to_numpy("datetime64[D]")
    days_ahead = np.nan_to_num(bars.days_to_next, nan=1.0).astype("timedelta64[D]")
    earlier_day = sessions + days_ahead - np.timedelta64(DAYS_PER_QUARTER * quarters, "D")
    last = sessions.searchsorted(earlier_day) + radius
    past = np.isfinite(bars.days_to_next) & (last >= length - 1) & (last <= np.arange(len(last)))
    result = np.full(x.shape, np.nan)
    result[past] = largest[last[past]]
    columns = find_report_columns(bars)
    if columns is not None:
        result[np.isfinite(columns.today)] = np.nan
    return result
