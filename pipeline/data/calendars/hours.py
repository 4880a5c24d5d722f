"""When an exchange is open: the hours of each session, and its timezone."""

import datetime as dt

import pandas as pd

from volcast.pipeline.data.calendars.sessions import _calendar

MOMENTS = {  # the names of exchange_calendars, and ours
    "open": "opens",
    "close": "closes",
    "break_start": "break_starts",
    "break_end": "break_ends",
}


def session_hours(name: str, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Return session, opens, closes, break_starts and break_ends from ``first`` to ``last``.

    Moments are in UTC; a break that is not held is NaT. Sessions outside the calendar's own
    bounds, whose hours nobody knows, are left out.
    """
    schedule = _calendar(name).schedule.loc[pd.Timestamp(first) : pd.Timestamp(last)]
    hours = schedule.rename(columns=MOMENTS).rename_axis("session").reset_index()
    return pd.DataFrame(hours.astype({"session": "datetime64[us]"}))[["session", *MOMENTS.values()]]


def timezone(name: str) -> dt.tzinfo:
    """Return the timezone of an exchange."""
    zone: dt.tzinfo = _calendar(name).tz
    return zone
