"""Sessions by hand, and the days between them."""

import datetime as dt

import pandas as pd
import pytest

from tests.pipeline.data.calendars.samples import between, days
from volcast.pipeline.data.calendars.sessions import (
    days_since_previous,
    days_to_next,
    following_sessions,
    periods_per_year,
    sessions_between,
)


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


def test_tel_aviv_trades_from_sunday_to_thursday_until_2026():
    assert between("XTAE", "2025-12-27", "2026-01-12") == [
        "2025-12-28", "2025-12-29", "2025-12-30", "2025-12-31", "2026-01-01", "2026-01-04",
        "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09", "2026-01-12",
    ]  # fmt: skip


def test_outside_its_bounds_a_calendar_keeps_its_week():
    # exchange_calendars knows Riyadh from 2021 to 2029.
    assert between("XSAU", "2015-05-07", "2015-05-11") == ["2015-05-07", "2015-05-10", "2015-05-11"]
    assert between("XSAU", "2035-05-10", "2035-05-14") == ["2035-05-10", "2035-05-13", "2035-05-14"]


@pytest.mark.parametrize(
    ("name", "first", "last", "weekdays"),
    [
        ("XSAU", "2013-06-15", "2013-06-28", "Sat Sun Mon Tue Wed Sat Sun Mon Tue Wed"),
        ("XSAU", "2013-06-29", "2013-07-05", "Sun Mon Tue Wed Thu"),
        ("DSMD", "2012-01-06", "2012-01-12", "Sun Mon Tue Wed Thu"),
        ("XKUW", "2007-08-24", "2007-09-07", "Sat Sun Mon Tue Wed Sun Mon Tue Wed Thu"),
        ("XDFM", "2006-08-25", "2006-09-07", "Sat Sun Mon Tue Wed Sun Mon Tue Wed Thu"),
        ("XDFM", "2021-12-24", "2022-01-07", "Sun Mon Tue Wed Thu Mon Tue Wed Thu Fri"),
    ],
)
def test_the_weeks_of_the_gulf_change(name, first, last, weekdays):
    found = sessions_between(name, pd.Timestamp(first), pd.Timestamp(last))
    assert found.strftime("%a").tolist() == weekdays.split()


def test_orthodox_easter_is_a_holiday_in_athens():
    assert between("ASEX", "2024-05-01", "2024-05-08") == ["2024-05-02", "2024-05-07", "2024-05-08"]


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
