"""Until when a forecast counts as live: what it forecasts had not begun."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from volcast.pipeline.data.calendars.sessions import SETTLING, open_and_close


@lru_cache(maxsize=4096)
def deadline(calendar: str, origin: dt.date, target_start: dt.date) -> dt.datetime:
    """Return the moment before which a forecast must be written, in UTC: the target's first open.

    Where the exchange hardly pauses (crypto, currencies, futures) the bar of the origin is not
    final before the next session is under way; there it is that session's close, at which the
    first day of the target becomes known.
    """
    settled = open_and_close(calendar, origin)[1] + SETTLING
    opens, closes = open_and_close(calendar, target_start)
    return (opens if opens >= settled else closes).to_pydatetime()
