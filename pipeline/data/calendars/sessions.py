"""Exchange calendars: which days are sessions, and the days between them.

Built on exchange_calendars. Its calendars reach back a limited time, some end this year, and none
knows a year such as 1800; outside a calendar's own bounds every day of its week counts as a session
(Monday to Friday, in Tel Aviv of before 2026 Sunday to Thursday), so that a question always has an
answer. Weeks that changed before the calendar begins are in `EARLIER_WEEKS`.
"""

import datetime as dt
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.features.units import DAYS_PER_YEAR, SESSIONS_PER_YEAR
from volcast.pipeline.data.calendars.exchange_calendar import ALWAYS_OPEN, load_exchange_calendar

PERIODS_PER_YEAR = {ALWAYS_OPEN: DAYS_PER_YEAR}
QUARTER = 66  # sessions, by which the week at the edge of a calendar is known
USUAL = 0.2  # share of the most frequent day's sessions, below which a day is an exception
SATURDAY_TO_WEDNESDAY, SUNDAY_TO_THURSDAY = (5, 6, 0, 1, 2), (6, 0, 1, 2, 3)
# The last day of a week that changed, and its sessions: the weekend was moved from Thursday and
# Friday to Friday and Saturday, in the Emirates later to Saturday and Sunday.
EARLIER_WEEKS = {
    "XSAU": [("2013-06-28", SATURDAY_TO_WEDNESDAY)],
    "XKUW": [("2007-08-31", SATURDAY_TO_WEDNESDAY)],
    "XDFM": [("2021-12-31", SUNDAY_TO_THURSDAY), ("2006-08-31", SATURDAY_TO_WEDNESDAY)],
}
EARLIEST_DAY = pd.Timestamp("1800-01-01")
LATEST_DAY = pd.Timestamp("2200-12-31")
# exchange_calendars lists as ad hoc what follows no rule: unplanned closures, and for some
# exchanges (Hong Kong, Seoul, Mumbai) lunar holidays. Lunar holidays are two a year and more,
# unplanned closures 0.6 at most (New York); the rate of a short list means nothing: Toronto's is
# September 2001 alone.
MAX_CLOSURES_PER_YEAR, SHORT_LIST = 1, 10


def periods_per_year(name: str) -> int:
    """Return the number of sessions in a year: 365 for an exchange that never closes, else 252.

    Examples
    --------
    >>> periods_per_year("24/7"), periods_per_year("XNYS")
    (365, 252)
    """
    return PERIODS_PER_YEAR.get(name, SESSIONS_PER_YEAR)


def sessions_between(name: str, first: dt.date, last: dt.date) -> pd.DatetimeIndex:
    """Return the sessions between two dates, both inclusive: midnight, without timezone.

    Examples
    --------
    >>> import datetime as dt
    >>> sessions = sessions_between("XNYS", dt.date(2024, 1, 12), dt.date(2024, 1, 16))
    >>> [str(day.date()) for day in sessions]  # a weekend and Martin Luther King Day between them
    ['2024-01-12', '2024-01-16']
    """
    days = _list_days(name)
    begin = days.searchsorted(_to_day(first), side="left")
    return _to_index(days[begin : days.searchsorted(_to_day(last), side="right")])


def following_sessions(name: str, last: dt.date, count: int) -> pd.DatetimeIndex:
    """Return the first ``count`` sessions after a day, which need not be a session itself.

    Examples
    --------
    >>> import datetime as dt
    >>> [str(day.date()) for day in following_sessions("XNYS", dt.date(2024, 1, 12), 2)]
    ['2024-01-16', '2024-01-17']
    """
    days = _list_days(name)
    begin = days.searchsorted(_to_day(last), side="right")
    return _to_index(days[begin : begin + count])


def previous_session(name: str, day: dt.date) -> pd.Timestamp:
    """Return the last session before a day, which need not be a session itself.

    Examples
    --------
    >>> import datetime as dt
    >>> str(previous_session("XNYS", dt.date(2024, 1, 16)).date())
    '2024-01-12'
    """
    days = _list_days(name)
    return pd.Timestamp(days[days.searchsorted(_to_day(day), side="left") - 1]).as_unit("us")


def days_since_previous(sessions: pd.DatetimeIndex, name: str) -> NDArray[np.int64]:
    """Return for each date the calendar days since the exchange's session before it.

    1 on an ordinary Tuesday, 3 on an ordinary Monday. The dates need not be sessions themselves.

    Examples
    --------
    >>> import pandas as pd
    >>> days_since_previous(pd.DatetimeIndex(["2024-01-08", "2024-01-09"]), "XNYS").tolist()
    [3, 1]
    """
    days, dates = _list_days(name), sessions.to_numpy("datetime64[D]")
    gaps: NDArray[np.timedelta64] = dates - days[days.searchsorted(dates, side="left") - 1]
    return gaps.astype(np.int64)


def days_to_next(sessions: pd.DatetimeIndex, name: str) -> NDArray[np.int64]:
    """Return for each date the calendar days until the next session planned at that date.

    An unplanned closure (11 September 2001, hurricane Sandy) counts as the session that was
    expected, because the session before it did not know of the closure.

    Examples
    --------
    >>> import pandas as pd
    >>> days_to_next(pd.DatetimeIndex(["2001-09-10", "2024-01-05"]), "XNYS").tolist()
    [1, 3]
    """
    days, dates = _list_planned_days(name), sessions.to_numpy("datetime64[D]")
    gaps: NDArray[np.timedelta64] = days[days.searchsorted(dates, side="right")] - dates
    return gaps.astype(np.int64)


@lru_cache(maxsize=64)
def _list_days(name: str) -> NDArray[np.datetime64]:
    """Return all sessions as days, from `EARLIEST_DAY` to `LATEST_DAY`, sorted."""
    calendar = load_exchange_calendar(name)
    known: pd.DatetimeIndex = calendar.sessions
    one_day = pd.Timedelta(days=1)
    before = pd.date_range(EARLIEST_DAY, known[0] - one_day)
    before = before[before.day_of_week.isin(_find_week(known[:QUARTER]))]
    after = pd.date_range(known[-1] + one_day, LATEST_DAY)
    after = after[after.day_of_week.isin(_find_week(known[-QUARTER:]))]
    parts = [part.to_numpy("datetime64[D]") for part in (before, known, after)]
    days = np.concatenate(parts)
    for last, week in EARLIER_WEEKS.get(name, []):
        earlier = pd.date_range(EARLIEST_DAY, last)
        earlier = earlier[earlier.day_of_week.isin(week)]
        days = np.concatenate([earlier.to_numpy("datetime64[D]"), days[days > np.datetime64(last)]])
    return days


def _find_week(sessions: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Return the days of the week on which there are sessions, from 0 for Monday."""
    days, counts = np.unique(sessions.day_of_week, return_counts=True)
    return np.asarray(days[counts > USUAL * counts.max()])


@lru_cache(maxsize=64)
def _list_planned_days(name: str) -> NDArray[np.datetime64]:
    """Return the sessions and the weekdays of unplanned closures, sorted."""
    calendar = load_exchange_calendar(name)
    closed = pd.DatetimeIndex(calendar.adhoc_holidays).tz_localize(None).unique()
    closed = closed[closed.day_of_week.isin(_find_week(calendar.sessions))]
    if closed.empty:
        return _list_days(name)
    years = np.ptp(closed.year) + 1
    if len(closed) > max(SHORT_LIST, MAX_CLOSURES_PER_YEAR * years):
        return _list_days(name)
    inside = closed[(closed > calendar.first_session) & (closed < calendar.last_session)]
    return np.union1d(_list_days(name), inside.to_numpy("datetime64[D]"))


def _to_day(date: dt.date) -> np.datetime64:
    return np.datetime64(pd.Timestamp(date).date(), "D")


def _to_index(days: NDArray[np.datetime64]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(days.astype("datetime64[us]"))
