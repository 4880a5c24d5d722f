"""Opening hours, and the clock around the close."""

import datetime as dt

import pandas as pd
import pytest

from tests.pipeline.data.calendars.samples import days
from volcast.pipeline.data.calendars.opening_hours import (
    closing_moments,
    last_settled_session,
    open_and_close,
    session_hours,
)
from volcast.pipeline.errors import ConfigError


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


def test_hours_beyond_the_calendar_are_unknown():
    assert session_hours("XNYS", dt.date(2190, 1, 1), dt.date(2190, 2, 1)).empty


def test_closing_moments_are_those_of_the_sessions_and_midnight_where_none_is_known():
    sessions = pd.DatetimeIndex(["2024-03-08", "2024-03-11", "2024-07-03", "2024-07-04"])
    closes = closing_moments("XNYS", sessions).strftime("%Y-%m-%d %H:%M").tolist()
    assert closes == [
        "2024-03-08 21:00",
        "2024-03-11 20:00",
        "2024-07-03 17:00",
        "2024-07-05 04:00",
    ]


def test_a_midnight_that_the_clocks_skip_is_replaced_by_the_hour_after_it():
    # In Brazil daylight saving time began at midnight, on 2004-11-02 within the week.
    day = pd.DatetimeIndex(["2004-11-01"])
    close = pd.Timestamp(closing_moments("BVMF", day)[0])
    assert pd.Timestamp("2004-11-01 18:00Z") < close <= pd.Timestamp("2004-11-02 03:00Z")
    assert open_and_close("BVMF", dt.date(2004, 11, 2))[0] <= pd.Timestamp("2004-11-02 15:00Z")
