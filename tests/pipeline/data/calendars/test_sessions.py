"""Exchange calendars: sessions by hand, and the clock around the close."""

import datetime as dt

import pandas as pd
import pytest

from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.calendars.sessions import (
    days_since_previous,
    days_to_next,
    following_sessions,
    periods_per_year,
    sessions_between,
)
from volcast.pipeline.data.calendars.ticker_calendar import CALENDAR_BY_SUFFIX, find_calendar
from volcast.pipeline.data.calendars.yahoo_exchanges import CALENDAR_BY_EXCHANGE
from volcast.pipeline.errors import ConfigError


def days(index) -> list[str]:
    return [str(day.date()) for day in index]


def between(name, first, last) -> list[str]:
    return days(sessions_between(name, dt.date.fromisoformat(first), dt.date.fromisoformat(last)))


@pytest.mark.parametrize(
    ("ticker", "name"),
    [
        ("AAPL", "XNYS"),
        ("BRK-B", "XNYS"),
        ("BRK.B", "XNYS"),
        ("^GSPC", "XNYS"),
        ("VOD.L", "XLON"),
        ("7203.T", "XTKS"),
        ("SAP.DE", "XETR"),
        ("AIR.PA", "XPAR"),
        ("SHOP.TO", "XTSE"),
        ("0700.HK", "XHKG"),
        ("BHP.AX", "XASX"),
        ("VOLV-B.ST", "XSTO"),
        ("PETR4.SA", "BVMF"),
        ("^N225", "XTKS"),
        ("BTC-USD", "24/7"),
        ("btc-eur", "24/7"),
        ("EURUSD=X", "24/5"),
        ("ES=F", "CMES"),
    ],
)
def test_a_ticker_trades_by_the_calendar_of_its_suffix(ticker, name):
    assert find_calendar(ticker) == name


def test_the_default_stands_in_only_where_the_name_says_nothing():
    assert find_calendar("7203", default="XTKS") == "XTKS"
    assert find_calendar("7203", default="NYSE") == "XNYS"
    assert find_calendar("VOD.L", default="XTKS") == "XLON"


def test_an_unknown_calendar_is_a_configuration_error():
    with pytest.raises(ConfigError, match="'NOWHERE' is unknown"):
        find_calendar("AAA", default="NOWHERE")


def test_new_york_is_closed_on_its_holidays():
    assert between("XNYS", "2018-12-21", "2019-01-03") == [
        "2018-12-21", "2018-12-24", "2018-12-26", "2018-12-27", "2018-12-28", "2018-12-31",
        "2019-01-02", "2019-01-03",
    ]  # fmt: skip
    assert between("XNYS", "2001-09-10", "2001-09-17") == ["2001-09-10", "2001-09-17"]
    assert between("XNYS", "1963-11-22", "1963-11-26") == ["1963-11-22", "1963-11-26"]


def test_tokyo_and_london_keep_their_own_holidays():
    assert between("XTKS", "2023-12-29", "2024-01-05") == ["2023-12-29", "2024-01-04", "2024-01-05"]
    assert between("XLON", "2022-06-01", "2022-06-07") == [
        "2022-06-01", "2022-06-06", "2022-06-07"
    ]  # fmt: skip


def test_coins_trade_every_day_and_currencies_on_weekdays():
    assert len(between("24/7", "2023-12-25", "2024-01-07")) == 14
    assert len(between("24/5", "2023-12-25", "2024-01-07")) == 10
    assert (periods_per_year("24/7"), periods_per_year("XTKS")) == (365, 252)


def test_outside_its_bounds_a_calendar_has_every_weekday():
    # exchange_calendars knows Tokyo from 1997 on; 1996-01-01 was a holiday and a Monday.
    assert between("XTKS", "1995-12-29", "1996-01-02") == ["1995-12-29", "1996-01-01", "1996-01-02"]
    assert len(between("24/7", "1850-01-01", "1850-01-31")) == 31
    assert len(following_sessions("XBOM", dt.date(2090, 1, 1), 22)) == 22


def test_sessions_are_midnights_without_timezone():
    sessions = sessions_between("XNYS", dt.date(2024, 1, 1), dt.date(2024, 12, 31))
    assert sessions.tz is None
    assert (sessions == sessions.normalize()).all()
    assert len(sessions) == 252


def test_following_sessions_skip_the_weekend_and_the_holiday():
    # Friday, then Martin Luther King Day.
    assert days(following_sessions("XNYS", dt.date(2024, 1, 12), 3)) == [
        "2024-01-16", "2024-01-17", "2024-01-18"
    ]  # fmt: skip
    assert days(following_sessions("XNYS", dt.date(2024, 1, 13), 1)) == ["2024-01-16"]


def test_days_between_sessions_count_the_calendar():
    week = pd.DatetimeIndex(["2024-01-11", "2024-01-12", "2024-01-16", "2024-01-17"])
    assert days_since_previous(week, "XNYS").tolist() == [1, 1, 4, 1]
    assert days_to_next(week, "XNYS").tolist() == [1, 4, 1, 1]


def test_days_between_sessions_also_hold_for_a_date_that_is_none():
    sunday = pd.DatetimeIndex(["2024-01-14"])
    assert (days_since_previous(sunday, "XNYS")[0], days_to_next(sunday, "XNYS")[0]) == (2, 2)


@pytest.mark.parametrize(
    ("name", "day", "to_next"),
    [
        ("XNYS", "2001-09-10", 1),  # closed from Tuesday to Friday by the attack of that Tuesday
        ("XNYS", "2012-10-26", 3),  # Friday; hurricane Sandy closed Monday and Tuesday
        ("XNYS", "2018-12-04", 1),  # a day of mourning
        ("XTSE", "2001-09-10", 1),
        ("XNYS", "2001-08-31", 4),  # Labor Day was planned
        ("XHKG", "2025-01-28", 6),  # and so was the lunar new year, which no rule of months gives
    ],
)
def test_the_evening_before_an_unplanned_closure_does_not_know_of_it(name, day, to_next):
    assert days_to_next(pd.DatetimeIndex([day]), name).tolist() == [to_next]


def test_the_session_after_an_unplanned_closure_knows_how_long_it_was():
    after = pd.DatetimeIndex(["2001-09-17", "2012-10-31"])
    assert days_since_previous(after, "XNYS").tolist() == [7, 5]


@pytest.mark.parametrize(
    ("name", "now", "zone", "expected"),
    [
        ("XNYS", "2024-01-10 16:59", "America/New_York", "2024-01-09"),
        ("XNYS", "2024-01-10 17:00", "America/New_York", "2024-01-10"),
        ("XNYS", "2024-01-13 12:00", "America/New_York", "2024-01-12"),
        ("XNYS", "2024-01-15 20:00", "America/New_York", "2024-01-12"),  # a holiday
        # Half days close at 13:00.
        ("XNYS", "2024-07-03 13:59", "America/New_York", "2024-07-02"),
        ("XNYS", "2024-07-03 14:00", "America/New_York", "2024-07-03"),
        # The close is 21:00 UTC in winter and 20:00 from 2024-03-10 on.
        ("XNYS", "2024-03-08 21:30", "UTC", "2024-03-07"),
        ("XNYS", "2024-03-11 21:00", "UTC", "2024-03-11"),
        # London changes its clocks three weeks later; it closes at 16:30.
        ("XLON", "2024-03-28 17:30", "UTC", "2024-03-28"),
        ("XLON", "2024-04-02 16:29", "UTC", "2024-03-28"),
        ("XLON", "2024-04-02 16:30", "UTC", "2024-04-02"),
        # Tokyo closed at 15:00 until 2024-11-04, and closes at 15:30 since.
        ("XTKS", "2024-10-31 15:59", "Asia/Tokyo", "2024-10-30"),
        ("XTKS", "2024-10-31 16:00", "Asia/Tokyo", "2024-10-31"),
        ("XTKS", "2024-11-06 16:29", "Asia/Tokyo", "2024-11-05"),
        ("XTKS", "2024-11-06 16:30", "Asia/Tokyo", "2024-11-06"),
        # It is still yesterday in New York, and today's session is over in Tokyo.
        ("XTKS", "2024-01-11 23:00", "America/New_York", "2024-01-11"),
        ("24/7", "2024-01-10 00:59", "UTC", "2024-01-08"),
        ("24/7", "2024-01-10 01:00", "UTC", "2024-01-09"),
        # Beyond what the calendar knows a day is over at midnight.
        ("XBOM", "2090-01-04 23:00", "Asia/Kolkata", "2090-01-03"),
        ("XNYS", "1890-01-04 12:00", "America/New_York", "1890-01-03"),
    ],
)
def test_a_session_is_settled_an_hour_after_its_close(name, now, zone, expected):
    assert days([last_settled_session(name, pd.Timestamp(now, tz=zone))]) == [expected]


def test_a_clock_without_timezone_is_refused():
    with pytest.raises(ConfigError, match="timezone"):
        last_settled_session("XNYS", dt.datetime(2024, 1, 10))


def test_the_codes_of_yahoo_name_the_calendars_of_its_suffixes():
    assert set(CALENDAR_BY_EXCHANGE.values()) == {"XNYS", *CALENDAR_BY_SUFFIX.values()} - {
        *("XRIS", "XSTU", "XTAL", "XLIT"),  # Yahoo's codes for them are not known
    }
    assert CALENDAR_BY_EXCHANGE["NMS"] == CALENDAR_BY_EXCHANGE["PCX"] == "XNYS"
    assert (CALENDAR_BY_EXCHANGE["CCC"], CALENDAR_BY_EXCHANGE["CCY"]) == ("24/7", "24/5")


@pytest.mark.slow
def test_every_exchange_that_yahoo_names_has_a_calendar():
    for name in {*CALENDAR_BY_EXCHANGE.values(), *CALENDAR_BY_SUFFIX.values()}:
        assert len(between(name, "2022-03-01", "2022-03-31")) > 15
