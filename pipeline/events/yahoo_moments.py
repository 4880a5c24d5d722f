"""Day and time of day of a report from the moment that Yahoo gives for it."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import open_and_close, timezone
from volcast.pipeline.events.event_table import AFTER_CLOSE, BEFORE_OPEN, UNKNOWN

MIDNIGHT = dt.time(0)
NEW_YORK = "America/New_York"
# What Yahoo serves where its provider has no time of day: 10:59 UTC.
PLACEHOLDER = dt.time(10, 59)


def find_day(moment: pd.Timestamp, zone: dt.tzinfo) -> pd.Timestamp:
    """Return the calendar day of a report at its exchange.

    Parameters
    ----------
    moment
        In UTC. Midnight in UTC, in New York or at the exchange is a day without a time: its day
        there counts. Any other moment is on its day at the exchange.
    zone
        The timezone of the exchange.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> find_day(pd.Timestamp("2025-10-30", tz="UTC"), ZoneInfo("America/New_York")).day
    30
    >>> find_day(pd.Timestamp("2025-11-04 22:30", tz="UTC"), ZoneInfo("Asia/Tokyo")).day
    5
    """
    where = _find_midnight(moment, zone) or zone
    return moment.tz_convert(where).tz_localize(None).normalize()


def find_time(moment: pd.Timestamp, calendar: str) -> str:
    """Return the time of day of a report: unknown for a day alone, and during the session.

    Examples
    --------
    >>> find_time(pd.Timestamp("2025-10-30 20:30", tz="UTC"), "XNYS")
    'after_close'
    """
    zone = timezone(calendar)
    if _find_midnight(moment, zone) or moment.time() == PLACEHOLDER:
        return UNKNOWN
    opens, closes = open_and_close(calendar, find_day(moment, zone).date())
    if moment >= closes:
        return AFTER_CLOSE
    return BEFORE_OPEN if moment < opens else UNKNOWN


def _find_midnight(moment: pd.Timestamp, zone: dt.tzinfo) -> dt.tzinfo | str | None:
    """Return the first of UTC, New York and the exchange where a moment is midnight."""
    for where in ("UTC", NEW_YORK, zone):
        if moment.tz_convert(where).time() == MIDNIGHT:
            return where
    return None
