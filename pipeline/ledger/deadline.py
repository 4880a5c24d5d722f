"""The deadline before which a forecast must be written to count as live."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from volcast.pipeline.data.calendars.opening_hours import SETTLING_TIME, open_and_close
from volcast.pipeline.ledger.columns import to_date
from volcast.pipeline.ledger.records import Forecast


def find_deadline(forecast: Forecast) -> dt.datetime:
    """Return the moment, in UTC, at which the first session of the target opens.

    If the exchange hardly pauses (crypto, currencies, futures) the bar of the origin is not final
    before that session has begun; then it is the close of the session, at which the first day of
    the target becomes known.
    """
    origin, target_start = to_date(forecast.origin), to_date(forecast.target_start)
    return _find_deadline(forecast.calendar, origin, target_start)


@lru_cache(maxsize=4096)
def _find_deadline(calendar: str, origin: dt.date, target_start: dt.date) -> dt.datetime:
    settled = open_and_close(calendar, origin)[1] + SETTLING_TIME
    opens, closes = open_and_close(calendar, target_start)
    return (opens if opens >= settled else closes).to_pydatetime()
