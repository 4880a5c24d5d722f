"""Columns: their SQL, and values that come back as they were written."""

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger.columns import TYPES, Column, format_moment, numbers_to_json

VALUES = {
    "date": st.dates(dt.date(1000, 1, 1)),
    "moment": st.datetimes(dt.datetime(1900, 1, 1), timezones=st.just(dt.UTC)),
    "text": st.text(),
    "integer": st.integers(),
    "real": st.floats(allow_infinity=False, allow_nan=False),
    "flag": st.booleans(),
    "json": st.dictionaries(st.text(), st.integers() | st.none() | st.text()),
}


def test_numbers_are_kept_as_json_can_hold_them():
    numbers = {"b": np.array([1.0, math.nan]), "a": {"x": math.inf, 1: (True, None, np.int64(2))}}
    assert numbers_to_json(numbers) == '{"a":{"1":[true,null,2],"x":null},"b":[1.0,null]}'


@pytest.mark.parametrize("type", TYPES)
@given(data=st.data())
def test_a_value_is_decoded_as_it_was_encoded(type, data):
    value = data.draw(VALUES[type])
    assert Column(type).decode(Column(type).encode(value)) == value


@pytest.mark.parametrize("type", TYPES)
def test_null_is_none_and_of_a_real_number_nan(type):
    column = Column(type, nullable=True)
    assert column.encode(None) is None
    missing = column.decode(None)
    assert math.isnan(missing) if type == "real" else missing is None


def test_a_column_that_is_added_later_may_be_null_and_one_of_format_1_only_if_it_says_so():
    assert Column("flag").declaration("x") == "x INTEGER NOT NULL CHECK (x IN (0, 1))"
    assert Column("flag", since=2).declaration("x") == "x INTEGER CHECK (x IN (0, 1))"
    assert Column("real", "x > 0", nullable=True).declaration("x") == "x REAL CHECK (x > 0)"


def test_a_moment_is_stored_in_utc_and_needs_a_timezone():
    tokyo = dt.timezone(dt.timedelta(hours=9))
    assert format_moment(dt.datetime(2018, 1, 4, 8, tzinfo=tokyo)) == "2018-01-03T23:00:00.000000Z"
    with pytest.raises(LedgerError, match="a moment needs a timezone"):
        format_moment(dt.datetime(2018, 1, 3))
