import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.samples import random_bars, random_series
from volcast.features.exogenous_series import ExogenousSeries
from volcast.features.registry import find_feature


def series(close: list[float], known_from: list[int]) -> ExogenousSeries:
    return ExogenousSeries(np.array(close), np.array(known_from))


def test_a_session_has_the_newest_close_known_at_its_own():
    vix = series([10.0, 11.0, 12.0], [-3, 1, 1])
    np.testing.assert_array_equal(vix.align(vix.close, 3), [10.0, 12.0, 12.0])


def test_a_close_is_used_for_three_sessions_after_the_one_that_learnt_it():
    vix = series([10.0], [1])
    np.testing.assert_array_equal(
        vix.align(vix.close, 7), [np.nan, 10.0, 10.0, 10.0, 10.0, np.nan, np.nan]
    )


def test_a_close_from_before_the_grid_ages_there_too():
    vix = series([10.0], [-2])
    np.testing.assert_array_equal(vix.align(vix.close, 3), [10.0, 10.0, np.nan])


def test_what_was_known_at_a_session_is_what_a_corrupted_series_keeps():
    vix = random_series(60, np.random.default_rng(5))
    corrupted = vix.corrupt_after(20, np.random.default_rng(6))
    known = vix.until(20)
    assert 0 < len(known.close) < len(vix.close)
    assert known.known_from.max() <= 20
    np.testing.assert_array_equal(corrupted.until(20).close, known.close)
    np.testing.assert_array_equal(corrupted.until(20).known_from, known.known_from)
    later = corrupted.close[len(known.close) :]
    assert 0 < len(later) < len(vix.close) - len(known.close)
    assert not np.isin(later, vix.close).any()


@given(seed=st.integers(0, 1000), t=st.integers(0, 59))
def test_a_series_cut_at_a_session_aligns_as_the_whole_one_up_to_there(seed, t):
    vix = random_series(60, np.random.default_rng(seed))
    cut = vix.until(t)
    np.testing.assert_array_equal(cut.align(cut.close, t + 1), vix.align(vix.close, 60)[: t + 1])


@pytest.mark.parametrize(
    ("close", "known_from", "rule"),
    [
        ([10.0], [0, 1], "1 closes and 2 positions"),
        ([0.0], [0], "above 0"),
        ([np.nan], [0], "finite"),
        ([10.0, 11.0], [1, 0], "in their order"),
    ],
)
def test_closes_that_cannot_be_are_refused(close, known_from, rule):
    with pytest.raises(ValueError, match=rule):
        series(close, known_from)


def test_a_series_that_the_grid_lacks_is_missing_and_no_error():
    bars = random_bars(rows=30)
    computed = find_feature("exogenous_change:^UNKNOWN").compute(bars)
    assert computed.shape == bars.close.shape
    assert np.isnan(computed).all()


def test_the_features_of_a_series_by_hand():
    closes = np.exp(np.arange(6) ** 2 / 10.0)  # logs 0, 0.1, 0.4, 0.9, 1.6, 2.5
    known = {"^A": ExogenousSeries(closes, np.arange(6))}
    bars = dataclasses.replace(random_bars(rows=30), series=known)
    change = find_feature("exogenous_change:^A").compute(bars)
    deviation = find_feature("exogenous_deviation_5:^A").compute(bars)
    assert change[5] == pytest.approx(0.9)
    assert deviation[4] == pytest.approx(1.6 - 0.6)
    assert np.isnan(change[0]).all()
    assert np.isnan(deviation[3]).all()
