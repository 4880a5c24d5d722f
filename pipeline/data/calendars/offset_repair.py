"""Repair of two date offsets of exchange_calendars, which pandas 3.1 asks in another way.

exchange_calendars 4.13 overrides ``_apply``; pandas 3.1 asks for ``_add_datetime``, and for all
days of a range at once. Without the repair the calendars of Athens, Belgrade, Bucharest and Cyprus
(Orthodox Easter) and of Tel Aviv (whose week changes in 2026) cannot be built, and those of other
changing weeks (Seoul, Moscow, Mumbai) lack their Saturdays.
"""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def repair_offsets() -> None:
    """Give the offsets the methods that this pandas calls; do nothing where they have them."""
    from exchange_calendars.pandas_extensions import offsets

    easter, changing_week = offsets.OrthodoxEaster, offsets.CompositeCustomBusinessDay
    if hasattr(pd.offsets.Easter, "_add_datetime") and "_add_datetime" not in vars(easter):
        easter._add_datetime = easter._apply
    if hasattr(pd.offsets.CustomBusinessDay, "_get_daily_offset_mask"):
        changing_week._get_daily_offset_mask = _find_days
        changing_week._add_datetime = _move


def _find_days(self: Any, days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Return which days are on the offset: by the week of their time, else by the usual one."""
    usual = self._as_custom_business_day()
    found: NDArray[np.bool_] = np.array(usual._get_daily_offset_mask(days), dtype=bool)
    for first, last, week in self.business_days:
        inside = np.ones(len(days), dtype=bool)
        if first is not None:
            inside &= days >= pd.Timestamp(first).to_datetime64()
        if last is not None:
            inside &= days <= pd.Timestamp(last).to_datetime64()
        found[inside] = week._get_daily_offset_mask(days[inside])
    return found


def _move(self: Any, other: datetime) -> datetime:
    """Return a day moved by n sessions, across the days on which the week changes.

    As ``CompositeCustomBusinessDay._apply``, which calls a method that pandas no longer has.
    """
    moved = 0
    week, interval = self._custom_business_day_for(other, self.n, with_interval=True)
    result: datetime = other + week
    while not interval.left <= result <= interval.right:
        edge = interval.left if result < interval.left else interval.right
        moved += self._moved(other, edge, week)
        other, remaining = edge, self.n - moved
        if remaining == 0:
            break
        week, interval = self._custom_business_day_for(
            other, remaining, is_edge=True, with_interval=True
        )
        result = other + week
    return result
