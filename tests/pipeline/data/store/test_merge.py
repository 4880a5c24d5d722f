"""What a fetch changes: cases by hand, and any sequence of fetches against a naive store."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.data.store.bar_log import VALUE_COLUMNS
from volcast.pipeline.data.store.merge import merge_fetch

PRICES = ["open", "high", "low", "close", "adj_close"]


def frame(first="2024-01-02", last="2024-01-31") -> pd.DataFrame:
    bars = make_bars(last="2024-03-28").set_index("session")[first:last]
    return bars.assign(dividend=0.0, split=0.0, capital_gain=0.0)[list(VALUE_COLUMNS)]


def test_the_first_fetch_is_taken_as_it_is():
    one = merge_fetch(frame().head(0), frame(), full=True)
    assert one.counts() == {"new": 21}
    pd.testing.assert_frame_equal(one.rows[list(VALUE_COLUMNS)], frame())


def test_an_equal_overlap_adds_nothing_and_what_is_beyond_it_is_new():
    assert merge_fetch(frame(), frame("2024-01-18"), full=False).counts() == {}
    one = merge_fetch(frame(), frame("2024-01-18", "2024-02-02"), full=False)
    assert one.rows.index.tolist() == frame("2024-02-01", "2024-02-02").index.tolist()


@pytest.mark.parametrize("shaken", [1 + 5e-7, 1 - 5e-7])
def test_a_last_digit_that_shakes_is_no_revision(shaken):
    fetched = frame("2024-01-18")
    fetched[PRICES] *= shaken
    assert merge_fetch(frame(), fetched, full=False).counts() == {}


@pytest.mark.parametrize("column", ["open", "high", "low", "close", "volume", "variance"])
def test_any_number_that_changes_is_a_revision(column):
    fetched = frame("2024-01-18")
    fetched.loc["2024-01-25", column] = 77.0
    one = merge_fetch(frame(), fetched, full=False)
    assert one.counts() == {"revised": 1}
    assert one.rows[column].tolist() == [77.0]


def test_an_action_that_is_reported_later_is_recorded():
    fetched = frame("2024-01-18")
    fetched.loc["2024-01-25", "dividend"] = 0.24
    assert merge_fetch(frame(), fetched, full=False).counts() == {"adjusted": 1}


def test_a_missing_number_never_takes_the_place_of_a_known_one():
    fetched = frame("2024-01-18")
    fetched.loc["2024-01-25", ["open", "volume"]] = np.nan
    fetched.loc["2024-01-26", PRICES] = np.nan
    fetched.loc["2024-01-26", "volume"] = 0.0  # as the client sends a null
    assert merge_fetch(frame(), fetched, full=False).counts() == {}


def test_an_oldest_session_that_differs_needs_the_whole_history():
    fetched = frame("2024-01-18")
    fetched.loc["2024-01-18", "low"] -= 1
    one = merge_fetch(frame(), fetched, full=False)
    assert (one.needs_full_history, len(one.rows)) == (True, 0)
    assert merge_fetch(frame(), frame("2024-02-01", "2024-02-02"), full=False).needs_full_history


def test_many_revisions_inside_the_overlap_are_recorded_one_by_one():
    fetched = frame("2024-01-18")
    fetched.iloc[1:, fetched.columns.get_loc("high")] += 1
    one = merge_fetch(frame(), fetched, full=False)
    assert (one.new_basis, one.counts()) == (False, {"revised": 9})


def test_in_the_whole_history_few_changes_are_revisions_and_many_are_a_new_basis():
    few, many = frame(), frame()
    few.iloc[:4, few.columns.get_loc("high")] += 1
    many.iloc[:5, many.columns.get_loc("high")] += 1
    assert merge_fetch(frame(), few, full=True).counts() == {"revised": 4}
    one = merge_fetch(frame(), many, full=True)
    assert (one.new_basis, one.counts()) == (True, {"anew": 21})


def test_a_new_history_may_lack_a_few_sessions_and_no_more():
    halved = frame()
    halved[PRICES] /= 2
    assert merge_fetch(frame(), halved.iloc[5:], full=True).new_basis
    one = merge_fetch(frame(), halved.iloc[6:], full=True)
    assert (one.new_basis, one.lost, len(one.rows)) == (False, 6, 0)
    nothing_in_common = frame("2024-02-01", "2024-03-01")
    assert merge_fetch(frame(), nothing_in_common, full=True).lost == 21


def test_the_factor_of_dividends_is_that_of_the_oldest_common_session():
    fetched = frame("2024-01-18", "2024-02-02")
    fetched.loc[:"2024-01-31", "adj_close"] *= 0.99
    one = merge_fetch(frame(), fetched, full=False)
    assert one.factor == pytest.approx(0.99)
    assert one.counts() == {"adjusted": 10, "new": 2}


@st.composite
def histories(draw):
    """Draw what a source serves at a sequence of updates: it revises, hides and shows bars."""
    served, steps, count = frame("2024-01-02", "2024-03-28"), [], 12
    hidden: set[int] = set()
    for _ in range(draw(st.integers(1, 6))):
        count = min(count + draw(st.integers(0, 6)), len(served))
        begin = max(0, count - 12)
        for row in draw(st.lists(st.integers(begin + 1, count - 1), max_size=2)):
            served.iloc[row, 3] += 0.0625  # close; never the oldest session of an overlap
        hidden = draw(st.sets(st.integers(begin + 1, count - 1), max_size=3))
        shown = [row for row in range(count) if row not in hidden]
        steps.append(served.iloc[shown].copy())
    return steps


@given(histories())
def test_any_sequence_of_fetches_ends_with_the_last_served_value_of_every_session(steps):
    naive: dict[pd.Timestamp, float] = {}
    stored = frame().head(0)
    for number, served in enumerate(steps):
        # The oldest session asked for is one that the source has and had.
        common = stored.index.intersection(served.index)
        begin = common[-10:][0] if number else served.index[0]
        fetched = served[begin:]
        one = merge_fetch(stored, fetched, full=number == 0)
        if one.needs_full_history:
            one = merge_fetch(stored, served, full=True)
            fetched = served
        naive |= fetched["close"].to_dict()
        rows = one.rows[list(VALUE_COLUMNS)]
        kept = rows if one.new_basis else pd.concat([stored, rows])
        stored = kept[~kept.index.duplicated(keep="last")].sort_index()
        if one.new_basis:
            naive = fetched["close"].to_dict()
    assert stored["close"].to_dict() == naive
