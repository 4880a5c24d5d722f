"""Opening hours: when a session opens and closes, and when its bar is final.

Outside the bounds of a calendar no hours are known; there a session lasts all day, from
midnight to midnight at the exchange.
"""

import datetime as dt

import pandas as pd

from volcast.pipeline.data.calendars.exchange_calendar import load_exchange_calendar
from volcast.pipeline.data.calendars.sessions import previous_session
from volcast.pipeline.errors import ConfigError

SETTLING_TIME = pd.Timedelta(
    minutes=60
)  # closing auctions and late prints are in Yahoo's bar by then
HOURS_COLUMNS = {  # the columns of exchange_calendars, and ours
    "open": "opens",
    "close": "closes",
    "break_start": "break_starts",
    "break_end": "break_ends",
}


def session_hours(name: str, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Return the opening hours of the sessions between two dates, both inclusive.

    Parameters
    ----------
    name
        The calendar.
    first, last
        Sessions outside the calendar's own bounds, whose hours are unknown, are left out.

    Returns
    -------
    One row a session: session, opens, closes, break_starts and break_ends; moments are in UTC, and
    NaT where the session has no break.

    Examples
    --------
    >>> import datetime as dt
    >>> hours = session_hours("XNYS", dt.date(2024, 7, 3), dt.date(2024, 7, 5))
    >>> hours["closes"].dt.strftime("%Y-%m-%d %H:%M").tolist()  # a half day, then a holiday
    ['2024-07-03 17:00', '2024-07-05 20:00']
    """
    calendar = load_exchange_calendar(name)
    schedule = calendar.schedule.loc[pd.Timestamp(first) : pd.Timestamp(last)]
    hours = schedule.rename(columns=HOURS_COLUMNS).rename_axis("session").reset_index()
    hours = pd.DataFrame(hours.astype({"session": "datetime64[us]"}))
    return hours[["session", *HOURS_COLUMNS.values()]]


def open_and_close(name: str, day: dt.date) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return when the session of a day opens and closes, in UTC.

    If the calendar has no hours for the day (outside its bounds, or not a session), these are
    midnight and the next midnight at the exchange.

    Examples
    --------
    >>> import datetime as dt
    >>> [str(moment) for moment in open_and_close("XNYS", dt.date(2024, 7, 3))]
    ['2024-07-03 13:30:00+00:00', '2024-07-03 17:00:00+00:00']
    """
    calendar, session = load_exchange_calendar(name), pd.Timestamp(pd.Timestamp(day).date())
    inside = calendar.first_session <= session <= calendar.last_session
    if inside and calendar.is_session(session, _parse=False):
        return calendar.session_open(session), calendar.session_close(session)
    midnight, after = (
        (session + pd.Timedelta(days=days)).tz_localize(calendar.tz, nonexistent="shift_forward")
        for days in (0, 1)
    )
    return midnight.tz_convert("UTC"), after.tz_convert("UTC")


def closing_moments(name: str, sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return when each of some sessions closes, in UTC.

    Dates without known hours close at the next midnight at the exchange.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2024-07-03", "2024-07-04", "2024-07-05"])
    >>> closing_moments("XNYS", days).strftime("%d %H:%M").tolist()  # a half day and a holiday
    ['03 17:00', '05 04:00', '05 20:00']
    """
    closes = load_exchange_calendar(name).closes.reindex(sessions)
    next_midnight = (sessions + pd.Timedelta(days=1)).tz_localize(
        timezone(name), nonexistent="shift_forward"
    )
    known = pd.Series(closes.to_numpy(), sessions)
    return pd.DatetimeIndex(known.fillna(pd.Series(next_midnight.tz_convert("UTC"), sessions)))


def settled_at(name: str, session: dt.date) -> pd.Timestamp:
    """Return when the bar of a session is final, in UTC: `SETTLING_TIME` after its close.

    Half days are taken into account; see `open_and_close` for days without known hours.

    Examples
    --------
    >>> import datetime as dt
    >>> str(settled_at("XNYS", dt.date(2024, 7, 3)))
    '2024-07-03 18:00:00+00:00'
    """
    return open_and_close(name, session)[1] + SETTLING_TIME


def last_settled_session(name: str, now: dt.datetime) -> pd.Timestamp:
    """Return the latest session whose bar is final at a moment; see `settled_at`.

    Parameters
    ----------
    name
        The calendar.
    now
        The clock, with a timezone.

    Raises
    ------
    ConfigError
        When ``now`` has no timezone, or the calendar is unknown.

    Examples
    --------
    >>> import datetime as dt
    >>> monday_morning = dt.datetime(2024, 1, 8, 9, tzinfo=dt.timezone.utc)
    >>> str(last_settled_session("XNYS", monday_morning).date())
    '2024-01-05'
    """
    day, calendar = compute_local_date(name, now), load_exchange_calendar(name)
    if calendar.first_session < day <= calendar.last_session:
        moment = pd.Timestamp(now).tz_convert("UTC")
        done = calendar.closes.searchsorted(moment - SETTLING_TIME, side="right")
        return pd.Timestamp(calendar.sessions[done - 1]).as_unit("us")
    return previous_session(name, day)


def compute_local_date(name: str, now: dt.datetime) -> pd.Timestamp:
    """Return the date at the exchange at a moment, which needs a timezone."""
    if now.tzinfo is None:
        raise ConfigError(f"now needs a timezone; it is {now}; add one, such as datetime.UTC")
    return pd.Timestamp(now).tz_convert(timezone(name)).tz_localize(None).normalize()


def timezone(name: str) -> dt.tzinfo:
    """Return the timezone of an exchange."""
    zone: dt.tzinfo = load_exchange_calendar(name).tz
    return zone


def timezone_name(name: str) -> str:
    """Return the name of the timezone of an exchange.

    Examples
    --------
    >>> timezone_name("XNYS")
    'America/New_York'
    """
    return str(timezone(name))
