"""Exchange calendars: which days are sessions, and which session is over and settled.

Built on exchange_calendars. Its calendars reach back a limited time, some end this year, and none
knows a year such as 1800; outside a calendar's own bounds every weekday (every day for an exchange
that never closes) counts as a session, so that a question always has an answer.
"""

import datetime as dt
import warnings
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.features.units import DAYS_PER_YEAR, SESSIONS_PER_YEAR
from volcast.pipeline.errors import ConfigError

DEFAULT_CALENDAR = "XNYS"
ALWAYS_OPEN = "24/7"
WEEKDAYS = "24/5"
SETTLING = pd.Timedelta(minutes=60)  # closing auctions and late prints are in Yahoo's bar by then
PERIODS_PER_YEAR = {ALWAYS_OPEN: DAYS_PER_YEAR}

SATURDAY = 5  # as pandas counts days of the week

EARLIEST_DAY = pd.Timestamp("1800-01-01")
LATEST_DAY = pd.Timestamp("2200-12-31")
CALENDAR_SPAN = ("1925-01-01", "2050-12-31")
PROBE_SPAN = ("2022-01-01", "2022-12-31")  # within the bounds of every calendar
# exchange_calendars lists as ad hoc what follows no rule: closures that nobody planned, and of some
# exchanges (Hong Kong, Seoul, Mumbai) the feasts of the moon. Those are two a year and more, these
# 0.6 at most (New York); a short list says nothing by its rate: Toronto's is September 2001 alone.
MOST_CLOSURES_A_YEAR, SHORT_LIST = 1, 10
# Seoul's lunar holidays cost exchange_calendars 0.1 s a year.
NARROW_SPANS = {"XKRX": ("2010-01-01", "2028-12-31")}

# Suffixes: https://help.yahoo.com/kb/SLN2310.html
CALENDAR_OF_SUFFIX = {
    ".AS": "XAMS", ".AX": "XASX", ".BA": "XBUE", ".BK": "XBKK", ".BO": "XBOM", ".BR": "XBRU",
    ".BUD": "XBUD", ".CO": "XCSE", ".DE": "XETR", ".DU": "XDUS", ".F": "XFRA", ".HE": "XHEL",
    ".HK": "XHKG", ".HM": "XHAM", ".IC": "XICE", ".IR": "XDUB", ".IS": "XIST", ".JK": "XIDX",
    ".JO": "XJSE", ".KL": "XKLS", ".KQ": "XKRX", ".KS": "XKRX", ".L": "XLON", ".LS": "XLIS",
    ".MC": "XMAD", ".MI": "XMIL", ".MX": "XMEX", ".NS": "XBOM", ".NZ": "XNZE", ".OL": "XOSL",
    ".PA": "XPAR", ".PR": "XPRA", ".RG": "XRIS", ".SA": "BVMF", ".SG": "XSTU", ".SI": "XSES",
    ".SN": "XSGO", ".SR": "XSAU", ".SS": "XSHG", ".ST": "XSTO", ".SW": "XSWX", ".SZ": "XSHG",
    ".T": "XTKS", ".TL": "XTAL", ".TO": "XTSE", ".TW": "XTAI", ".TWO": "XTAI", ".V": "XTSE",
    ".VI": "XWBO", ".VS": "XLIT", ".WA": "XWAR",
    "-BTC": ALWAYS_OPEN, "-ETH": ALWAYS_OPEN, "-EUR": ALWAYS_OPEN, "-GBP": ALWAYS_OPEN,
    "-JPY": ALWAYS_OPEN, "-USD": ALWAYS_OPEN, "-USDT": ALWAYS_OPEN, "=F": "CMES", "=X": WEEKDAYS,
}  # fmt: skip
CALENDAR_OF_INDEX = {
    "^AEX": "XAMS", "^AXJO": "XASX", "^BFX": "XBRU", "^BSESN": "XBOM", "^BVSP": "BVMF",
    "^FCHI": "XPAR", "^FTMC": "XLON", "^FTSE": "XLON", "^GDAXI": "XETR", "^GSPTSE": "XTSE",
    "^HSI": "XHKG", "^IBEX": "XMAD", "^KS11": "XKRX", "^MXX": "XMEX", "^N225": "XTKS",
    "^NSEI": "XBOM", "^NZ50": "XNZE", "^OMX": "XSTO", "^SSMI": "XSWX", "^STI": "XSES",
    "^STOXX50E": "XETR", "^TWII": "XTAI",
}  # fmt: skip


def calendar_name(ticker: str, default: str | None = None) -> str:
    """Return the name of the calendar that a ticker trades by.

    Parameters
    ----------
    ticker
        Named as Yahoo does: ``VOD.L`` is London, ``BTC-USD`` never closes, ``EURUSD=X`` trades on
        weekdays, ``^N225`` is Tokyo.
    default
        The calendar of a ticker whose name says nothing; New York when it is None.

    Raises
    ------
    ConfigError
        When ``default`` is used and is no calendar of exchange_calendars.

    """
    name = ticker.upper()
    if name in CALENDAR_OF_INDEX:
        return CALENDAR_OF_INDEX[name]
    cut = max(name.rfind(mark) for mark in ".-=")
    if cut > 0 and name[cut:] in CALENDAR_OF_SUFFIX:
        return CALENDAR_OF_SUFFIX[name[cut:]]
    if default is None:
        return DEFAULT_CALENDAR
    return str(_calendar(default).name)


def periods_per_year(name: str) -> int:
    """Return how many sessions make a year: 365 for an exchange that never closes, else 252."""
    return PERIODS_PER_YEAR.get(name, SESSIONS_PER_YEAR)


def sessions_between(name: str, first: dt.date, last: dt.date) -> pd.DatetimeIndex:
    """Return the sessions from ``first`` to ``last``, both included, midnight without timezone."""
    days = _days(name)
    begin = days.searchsorted(_day(first), side="left")
    return _index(days[begin : days.searchsorted(_day(last), side="right")])


def following_sessions(name: str, last: dt.date, count: int) -> pd.DatetimeIndex:
    """Return the ``count`` sessions after the day ``last``, which need not be a session."""
    days = _days(name)
    begin = days.searchsorted(_day(last), side="right")
    return _index(days[begin : begin + count])


def days_since_previous(sessions: pd.DatetimeIndex, name: str) -> NDArray[np.int64]:
    """Return for each date the calendar days since the exchange's session before it.

    1 on an ordinary Tuesday, 3 on an ordinary Monday. The dates need not be sessions themselves.
    """
    days, dates = _days(name), sessions.to_numpy("datetime64[D]")
    gaps: NDArray[np.timedelta64] = dates - days[days.searchsorted(dates, side="left") - 1]
    return gaps.astype(np.int64)


def days_to_next(sessions: pd.DatetimeIndex, name: str) -> NDArray[np.int64]:
    """Return for each date the calendar days until the next session that was planned then.

    A closure that nobody planned (11 September 2001, hurricane Sandy) counts as the session that
    was expected: the evening before did not know of it.
    """
    days, dates = _planned_days(name), sessions.to_numpy("datetime64[D]")
    gaps: NDArray[np.timedelta64] = days[days.searchsorted(dates, side="right")] - dates
    return gaps.astype(np.int64)


def today(name: str, now: dt.datetime) -> pd.Timestamp:
    """Return the date at the exchange at the moment ``now``; see `last_settled_session`."""
    if now.tzinfo is None:
        raise ConfigError(f"now needs a timezone; it is {now}; add one, such as datetime.UTC")
    return pd.Timestamp(now).tz_convert(_calendar(name).tz).tz_localize(None).normalize()


def last_settled_session(name: str, now: dt.datetime) -> pd.Timestamp:
    """Return the latest session whose bar is final at ``now``: closed, and `SETTLING` passed.

    Where the calendar knows no closing time (outside its bounds) a session is over with its day.
    ``now`` needs a timezone, else ``ConfigError``.
    """
    day, calendar = today(name, now), _calendar(name)
    if calendar.first_session < day <= calendar.last_session:
        moment = pd.Timestamp(now).tz_convert("UTC")
        done = calendar.closes.searchsorted(moment - SETTLING, side="right")
        return pd.Timestamp(calendar.sessions[done - 1]).as_unit("us")
    days = _days(name)
    return pd.Timestamp(days[days.searchsorted(_day(day), side="left") - 1]).as_unit("us")


def open_and_close(name: str, day: dt.date) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return when the session of ``day`` opens and closes, in UTC.

    A day that the calendar knows no hours of (outside its bounds, or no session) is taken whole,
    from midnight to midnight at the exchange.
    """
    calendar, session = _calendar(name), pd.Timestamp(_day(day))
    inside = calendar.first_session <= session <= calendar.last_session
    if inside and calendar.is_session(session, _parse=False):
        return calendar.session_open(session), calendar.session_close(session)
    midnight = session.tz_localize(calendar.tz)
    after = (session + pd.Timedelta(days=1)).tz_localize(calendar.tz)
    return midnight.tz_convert("UTC"), after.tz_convert("UTC")


def settled_at(name: str, session: dt.date) -> pd.Timestamp:
    """Return when the bar of a session is final, in UTC: its close (half days too) and `SETTLING`.

    Where the calendar knows no closing time (outside its bounds) a session ends with its day.
    """
    return open_and_close(name, session)[1] + SETTLING


def timezone_name(name: str) -> str:
    """Return the name of the timezone of a calendar, such as America/New_York."""
    return str(_calendar(name).tz)


@lru_cache(maxsize=64)
def _calendar(name: str) -> Any:
    """Return the calendar of exchange_calendars over the longest span that it supports."""
    import exchange_calendars  # half a second that `volcast --help` need not wait for

    if name not in exchange_calendars.get_calendar_names():
        raise ConfigError(
            f"calendar {name!r} is unknown; use one of exchange_calendars, such as XNYS"
        )
    name = exchange_calendars.resolve_alias(name)
    with warnings.catch_warnings():
        # exchange_calendars 4.13 reads Series.values, which pandas 3.1 is about to change.
        warnings.simplefilter("ignore", pd.errors.Pandas4Warning)
        try:
            return exchange_calendars.get_calendar(name, *_span(name))
        except (NotImplementedError, ValueError) as error:
            raise ConfigError(
                f"calendar {name} cannot be built by exchange_calendars ({error}); "
                f"use {WEEKDAYS!r}, which takes every weekday as a session"
            ) from error


def _span(name: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last day over which a calendar is to be built."""
    import exchange_calendars

    first, last = (pd.Timestamp(day) for day in NARROW_SPANS.get(name, CALENDAR_SPAN))
    if name in NARROW_SPANS:
        return first, last
    # Only an instance tells the bounds of its kind, so a short one is built first.
    bounds = exchange_calendars.get_calendar(name, *PROBE_SPAN)
    return max(first, bounds.bound_min() or first), min(last, bounds.bound_max() or last)


@lru_cache(maxsize=64)
def _days(name: str) -> NDArray[np.datetime64]:
    """Return all sessions as days, from `EARLIEST_DAY` to `LATEST_DAY`, sorted."""
    calendar = _calendar(name)
    known: pd.DatetimeIndex = calendar.sessions
    one_day = pd.Timedelta(days=1)
    spread = "D" if name == ALWAYS_OPEN else "B"
    before = pd.date_range(EARLIEST_DAY, known[0] - one_day, freq=spread)
    after = pd.date_range(known[-1] + one_day, LATEST_DAY, freq=spread)
    parts = [part.to_numpy("datetime64[D]") for part in (before, known, after)]
    return np.concatenate(parts)


@lru_cache(maxsize=64)
def _planned_days(name: str) -> NDArray[np.datetime64]:
    """Return the sessions with the weekdays on which the exchange was closed unforeseen, sorted."""
    calendar = _calendar(name)
    closed = pd.DatetimeIndex(calendar.adhoc_holidays).tz_localize(None).unique()
    closed = closed[closed.day_of_week < SATURDAY]
    if closed.empty:
        return _days(name)
    years = np.ptp(closed.year) + 1
    if len(closed) > max(SHORT_LIST, MOST_CLOSURES_A_YEAR * years):
        return _days(name)
    inside = closed[(closed > calendar.first_session) & (closed < calendar.last_session)]
    return np.union1d(_days(name), inside.to_numpy("datetime64[D]"))


def _day(date: dt.date) -> np.datetime64:
    return np.datetime64(pd.Timestamp(date).date(), "D")


def _index(days: NDArray[np.datetime64]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(days.astype("datetime64[us]"))
