"""The insanity filter, the prediction interval and the scaler, by hand and by simulation."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.models.samples import LAST_KNOWN, SPLIT, make_sample
from volcast.models.conformal import (
    FEWEST_RESIDUALS,
    conformal_interval,
    probability_integral_transform,
)
from volcast.models.forecaster import select_fit_rows
from volcast.models.insanity_filter import Bounds
from volcast.models.regressor.scaling import BOUND, Scaler

SAMPLE = make_sample()


def test_bounds_are_the_range_of_the_targets_before_the_test():
    bounds = Bounds.fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    rows = select_fit_rows(SAMPLE.until(LAST_KNOWN), SPLIT.both)
    for ticker in range(3):
        mine = SAMPLE.target[np.flatnonzero(rows[:, ticker]), ticker]
        np.testing.assert_array_equal(bounds.low[ticker], mine.min(axis=0))
        np.testing.assert_array_equal(bounds.high[ticker], mine.max(axis=0))


def test_a_ticker_without_rows_takes_the_range_of_all():
    target = SAMPLE.target.copy()
    target[:, 1] = np.nan
    bounds = Bounds.fit(replace(SAMPLE, target=target).until(LAST_KNOWN), SPLIT)
    np.testing.assert_array_equal(bounds.low[1], bounds.low[[0, 2]].min(axis=0))
    np.testing.assert_array_equal(bounds.high[1], bounds.high[[0, 2]].max(axis=0))


def test_every_changed_forecast_is_counted_as_clipped_and_no_other():
    bounds = Bounds(low=np.array([[1.0]]), high=np.array([[2.0]]))
    forecast = np.array([0.5, 1.0, 1.5, 2.0, 9.0, np.inf, np.nan]).reshape(-1, 1, 1)
    bounded, clipped = bounds.clip(forecast)
    np.testing.assert_array_equal(bounded.ravel(), [1.0, 1.0, 1.5, 2.0, 2.0, 2.0, np.nan])
    assert clipped.ravel().tolist() == [True, False, False, False, True, True, False]


@pytest.mark.parametrize(
    ("count", "level", "lower", "upper"),
    [(99, 0.9, 5, 95), (199, 0.8, 20, 180), (100, 0.9, 5, 96), (50, 0.99, 1, 50)],
)
def test_the_interval_is_cut_at_the_ranks_of_split_conformal_prediction(count, level, lower, upper):
    residuals = np.random.default_rng(0).permutation(np.arange(1.0, count + 1))
    low, high = conformal_interval(np.array([1.0]), residuals / 100.0, level)
    assert np.log(low) * 100 == pytest.approx(lower)
    assert np.log(high) * 100 == pytest.approx(upper)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_interval_covers_what_it_says(level):
    rng = np.random.default_rng(0)
    residuals, outcome = rng.normal(size=(4000, 99)), rng.normal(size=4000)
    inside = 0
    for past, now in zip(residuals, outcome, strict=True):
        low, high = conformal_interval(np.array([2.0]), past, level)
        inside += low[0] <= 2.0 * np.exp(now) <= high[0]
    assert inside / 4000 == pytest.approx(level, abs=0.02)


def test_too_few_residuals_give_no_interval_and_missing_ones_do_not_count():
    residuals = np.append(np.linspace(-1, 1, FEWEST_RESIDUALS - 1), [np.nan, np.inf])
    low, high = conformal_interval(np.array([1.0, 2.0]), residuals, 0.9)
    assert np.isnan(low).all() and np.isnan(high).all()
    low, high = conformal_interval(np.array([1.0, 2.0]), np.append(residuals, 0.0), 0.9)
    assert (low < [1.0, 2.0]).all() and (high > [1.0, 2.0]).all()


def test_the_place_of_an_outcome_is_the_share_of_past_errors_below_it():
    past = np.append(np.arange(99.0), np.nan)
    found = probability_integral_transform(np.array([-1.0, 49.5, 200.0, np.nan]), past)
    np.testing.assert_allclose(found, [0.005, 0.505, 0.995, np.nan])
    assert np.isnan(
        probability_integral_transform(np.array([1.0]), past[: FEWEST_RESIDUALS - 1])
    ).all()


def test_the_scaler_by_hand():
    x = np.array([[1.0, 5.0, np.nan, np.nan], [3.0, 5.0, np.nan, 2.0], [np.nan, 5.0, np.nan, 4.0]])
    scaler = Scaler.fit(x)
    np.testing.assert_array_equal(scaler.mean, [2.0, 5.0, 0.0, 3.0])
    np.testing.assert_array_equal(scaler.deviation, [1.0, np.inf, np.inf, 1.0])
    expected = [[-1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, -1.0], [0.0, 0.0, 0.0, 1.0]]
    np.testing.assert_array_equal(scaler.transform(x), expected)
    assert scaler.transform(x).dtype == np.float32


def test_a_column_that_was_flat_in_training_stays_neutral_when_it_moves():
    scaler = Scaler.fit(np.full((5, 1), 0.1))
    np.testing.assert_array_equal(scaler.transform(np.array([[1e6], [np.nan]])), [[0.0], [0.0]])


def test_a_wild_input_counts_as_the_bound():
    scaler = Scaler.fit(np.array([[-1.0], [1.0]]))
    wild = np.array([[1e9], [-1e9], [0.5]])
    np.testing.assert_array_equal(scaler.transform(wild), [[BOUND], [-BOUND], [0.5]])


values = st.one_of(st.just(np.nan), st.floats(-1e6, 1e6))


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(1, 3)), elements=values))
def test_scaled_inputs_are_finite_bounded_and_centred(x):
    scaled = Scaler.fit(x).transform(x)
    assert np.isfinite(scaled).all()
    assert (np.abs(scaled) <= BOUND).all()
    assert (np.abs(scaled.mean(axis=0, dtype=float)) < 1e-3).all()
