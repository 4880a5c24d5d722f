"""The table of features reads like the array that it was made of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volcast.features.feature_table import NO_ROW, FeatureTable, join_tables, number_rows

SESSIONS, TICKERS, FEATURES = 7, 4, 3


def make_array(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(SESSIONS, TICKERS, FEATURES)).astype(np.float32)
    x[rng.random((SESSIONS, TICKERS)) < 0.4] = np.nan  # no bar
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


@given(seed=st.integers(0, 50))
def test_every_index_returns_what_the_array_returns(seed):
    x, rng = make_array(seed), np.random.default_rng(seed)
    table, mask = FeatureTable.from_array(x), rng.random((SESSIONS, TICKERS)) < 0.5
    assert table.shape == x.shape and len(table) == len(x)
    for key in (
        mask,
        (slice(None), slice(None), 1),
        (slice(None), slice(None), np.array([2, 0])),
        (slice(None), slice(None), np.array([True, False, True])),
        (slice(None), slice(None), slice(1, None)),
        (3, 2),
        (slice(2, 5), 1),
        (Ellipsis, slice(-1)),
    ):
        np.testing.assert_array_equal(table[key], x[key], err_msg=str(key))
    part = table[2:6]
    assert isinstance(part, FeatureTable)
    np.testing.assert_array_equal(part, x[2:6])
    np.testing.assert_array_equal(part[mask[2:6]], x[2:6][mask[2:6]])


@given(seed=st.integers(0, 20))
def test_rows_with_finite_features_are_those_of_the_array(seed):
    x = make_array(seed)
    for positions in ([0], [0, 2]):
        np.testing.assert_array_equal(
            FeatureTable.from_array(x).is_finite(positions),
            np.isfinite(x[:, :, positions]).all(axis=2),
        )


def test_only_rows_with_a_value_are_held_ticker_by_ticker():
    x = make_array()
    table = FeatureTable.from_array(x)
    exists = np.isfinite(x).any(axis=2)
    assert all(len(column) == exists.sum() < exists.size for column in table.columns)
    assert (table.place[~exists] == NO_ROW).all()
    np.testing.assert_array_equal(table.place.T[exists.T], np.arange(exists.sum()))


def test_selected_tickers_are_those_of_the_array_and_a_missing_one_has_no_bar():
    x = make_array()
    chosen = FeatureTable.from_array(x).select_tickers(np.array([2, -1, 0]))
    np.testing.assert_array_equal(chosen[:, :, :][:, [0, 2]], x[:, [2, 0]])
    assert np.isnan(chosen[:, 1]).all()


def test_replaced_columns_change_nothing_else():
    table = FeatureTable.from_array(make_array())
    other = table.replace_columns({1: np.ones_like(table.columns[1])})
    exists = table.place >= 0
    assert (other[:, :, 1][exists] == 1).all() and np.isnan(other[:, :, 1][~exists]).all()
    for position in (0, 2):
        np.testing.assert_array_equal(other[:, :, position], table[:, :, position])


def test_joined_tables_hold_each_exchange_on_its_own_sessions():
    one, two = make_array(1)[:4], make_array(2)
    places = [np.array([0, 2, 4, 6]), np.arange(SESSIONS)]
    joined = join_tables([FeatureTable.from_array(x) for x in (one, two)], places, SESSIONS)
    expected = np.full((SESSIONS, 2 * TICKERS, FEATURES), np.nan, np.float32)
    expected[places[0], :TICKERS], expected[:, TICKERS:] = one, two
    np.testing.assert_array_equal(joined, expected)


def test_a_table_without_a_row_is_nan():
    table = FeatureTable.from_array(np.full((2, 2, 3), np.nan, np.float32))
    assert np.isnan(table).all() and len(table.columns[0]) == 0
    assert np.isnan(table[np.ones((2, 2), dtype=bool)]).all()


def test_an_array_without_a_copy_is_refused():
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(FeatureTable.from_array(make_array()), copy=False)


def test_the_columns_are_read_only_when_they_are_asked_for():
    read: list[int] = []

    class Columns(list):
        def __getitem__(self, position):
            read.append(position)
            return super().__getitem__(position)

    x = make_array()
    table = FeatureTable(
        number_rows(np.isfinite(x).any(axis=2)), Columns(FeatureTable.from_array(x).columns)
    )
    read.clear()
    np.testing.assert_array_equal(table[:, :, 2], x[:, :, 2])
    assert read == [2]
