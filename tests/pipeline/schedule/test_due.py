"""When the next run is due: closes, holidays, half days, daylight saving, many exchanges."""

import datetime as dt
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volcast.pipeline.data.calendars.opening_hours import last_settled_session, settled_at
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.schedule.due import WeeklySlot, find_next_due, find_weekly_slot, iter_due_runs


def utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def due(names, now):
    found = find_next_due(names.split(), utc(now))
    return f"{found.at:%Y-%m-%d %H:%M}", f"{found.local:%H:%M}", found.session.isoformat()


@pytest.mark.parametrize(
    ("what", "names", "now", "expected"),
    [
        ("winter", "XNYS", "2018-01-03 12:00", ("2018-01-03 22:00", "17:00", "2018-01-03")),
        ("summer", "XNYS", "2018-07-03 23:00", ("2018-07-05 21:00", "17:00", "2018-07-05")),
        ("just due", "XNYS", "2018-01-03 22:00", ("2018-01-04 22:00", "17:00", "2018-01-04")),
        ("a second early", "XNYS", "2018-01-03 21:59", ("2018-01-03 22:00", "17:00", "2018-01-03")),
        ("half day", "XNYS", "2018-07-03 12:00", ("2018-07-03 18:00", "14:00", "2018-07-03")),
        ("Christmas", "XNYS", "2018-12-24 19:00", ("2018-12-26 22:00", "17:00", "2018-12-26")),
        ("weekend", "XNYS", "2018-01-05 22:00", ("2018-01-08 22:00", "17:00", "2018-01-08")),
        ("before spring", "XNYS", "2018-03-09 12:00", ("2018-03-09 22:00", "17:00", "2018-03-09")),
        ("after spring", "XNYS", "2018-03-10 12:00", ("2018-03-12 21:00", "17:00", "2018-03-12")),
        ("before autumn", "XNYS", "2018-11-02 12:00", ("2018-11-02 21:00", "17:00", "2018-11-02")),
        ("after autumn", "XNYS", "2018-11-03 12:00", ("2018-11-05 22:00", "17:00", "2018-11-05")),
        ("London spring", "XLON", "2018-03-23 12:00", ("2018-03-23 17:30", "17:30", "2018-03-23")),
        ("London summer", "XLON", "2018-03-24 12:00", ("2018-03-26 16:30", "17:30", "2018-03-26")),
        ("London autumn", "XLON", "2018-10-26 12:00", ("2018-10-26 16:30", "17:30", "2018-10-26")),
        ("London winter", "XLON", "2018-10-27 12:00", ("2018-10-29 17:30", "17:30", "2018-10-29")),
        ("Tokyo", "XTKS", "2018-12-28 05:00", ("2018-12-28 07:00", "16:00", "2018-12-28")),
        ("new year", "XTKS", "2018-12-28 07:00", ("2019-01-04 07:00", "16:00", "2019-01-04")),
        ("always", "24/7", "2018-12-25 12:00", ("2018-12-26 01:00", "01:00", "2018-12-25")),
        ("Sunday", "24/7", "2018-12-23 00:30", ("2018-12-23 01:00", "01:00", "2018-12-22")),
        ("the last", "XTKS XLON XNYS", "2018-01-04 01:00",
         ("2018-01-04 22:00", "17:00", "2018-01-04")),
        ("New York rests", "XNYS XTKS", "2018-07-04 01:00",
         ("2018-07-04 07:00", "16:00", "2018-07-04")),
        ("Tokyo rests", "XNYS XTKS", "2018-01-03 01:00",
         ("2018-01-03 22:00", "17:00", "2018-01-03")),
        ("after midnight", "XNYS 24/7", "2018-01-04 01:00",
         ("2018-01-05 01:00", "01:00", "2018-01-04")),
    ],
)  # fmt: skip
def test_the_next_run_is_after_the_last_close_and_its_settling(what, names, now, expected):
    assert due(names, now) == expected


@pytest.mark.parametrize("names", [["XNYS"], ["XLON", "XTKS"], ["24/7"], ["XNYS", "24/5"]])
@given(minutes=st.integers(0, 5 * 365 * 24 * 60))
def test_a_run_finds_its_session_settled_and_a_minute_before_it_was_not(names, minutes):
    now = utc("2016-01-01") + dt.timedelta(minutes=minutes)
    found = find_next_due(names, now)
    assert found.at > now
    early = found.at - dt.timedelta(minutes=1)
    assert last_settled_session(found.calendar, found.at).date() == found.session
    assert last_settled_session(found.calendar, early).date() < found.session


def test_runs_follow_each_other_without_gap_or_repetition():
    year = list(islice(iter_due_runs(["XNYS"], utc("2017-12-31")), 251))
    assert len({run.session for run in year}) == 251
    assert year[-1].session == dt.date(2018, 12, 31)
    again, now = [], utc("2017-12-31")
    for _ in range(251):
        again.append(find_next_due(["XNYS"], now))
        now = again[-1].at
    assert again == year


def test_beyond_the_calendar_a_session_settles_an_hour_after_its_day():
    assert settled_at("XNYS", dt.date(2060, 1, 5)).isoformat() == "2060-01-06T06:00:00+00:00"


@pytest.mark.parametrize(
    ("names", "slot"),
    [
        ("XNYS", WeeklySlot("America/New_York", dt.time(17, 0), (0, 1, 2, 3, 4))),
        ("XTKS", WeeklySlot("Asia/Tokyo", dt.time(16, 0), (0, 1, 2, 3, 4))),
        ("XTKS XLON XNYS", WeeklySlot("America/New_York", dt.time(17, 0), (0, 1, 2, 3, 4))),
        ("24/7 XNYS", WeeklySlot("UTC", dt.time(1, 0), (0, 1, 2, 3, 4, 5, 6))),
        ("24/5", WeeklySlot("UTC", dt.time(1, 0), (1, 2, 3, 4, 5))),
        ("XSAU", WeeklySlot("Asia/Riyadh", dt.time(16, 0), (0, 1, 2, 3, 6))),
    ],
)
def test_the_time_of_the_week_is_in_the_timezone_of_the_last_exchange(names, slot):
    assert find_weekly_slot(names.split(), utc("2023-02-01")) == slot


@pytest.mark.parametrize("names", [["XNYS"], ["XLON", "XNYS"], ["BVMF", "XNYS"], ["XSGO", "XLON"]])
def test_the_time_of_the_week_is_never_before_a_session_has_settled(names):
    now = utc("2018-02-01")
    slot = find_weekly_slot(names, now)
    for run in islice(iter_due_runs(names, now), 240):
        day = dt.datetime.combine(run.session, slot.time, ZoneInfo(slot.timezone))
        assert day >= run.at
        assert day.weekday() in slot.weekdays


def test_a_schedule_without_calendars_or_timezone_is_refused():
    with pytest.raises(ConfigError, match="at least one calendar"):
        find_next_due([], utc("2018-01-01"))
    with pytest.raises(ConfigError, match="needs a timezone"):
        find_next_due(["XNYS"], dt.datetime(2018, 1, 1))
