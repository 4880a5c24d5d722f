"""Dates and moments as users write them."""

import datetime as dt

import pytest

from volcast.pipeline.config.dates import parse_date, parse_moment


def test_an_empty_text_is_a_missing_value_and_other_types_pass():
    assert parse_date("") is None and parse_moment("") is None
    assert parse_date(dt.date(2020, 1, 31)) == dt.date(2020, 1, 31)
    assert parse_date(3) == 3  # the type is checked elsewhere


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2020-01-31T22:00", 22), ("2020-01-31T22:00+00:00", 22), ("2020-01-31T22:00-05:00", 27)],
)
def test_a_moment_without_a_timezone_is_in_utc(text, hour):
    midnight = dt.datetime(2020, 1, 31, tzinfo=dt.UTC)
    assert parse_moment(text) == midnight + dt.timedelta(hours=hour)


@pytest.mark.parametrize(("parse", "rule"), [(parse_date, "a date such"), (parse_moment, "a mom")])
def test_the_message_is_the_rule(parse, rule):
    with pytest.raises(ValueError, match=f"^must be {rule}"):
        parse("2020-02-30")
