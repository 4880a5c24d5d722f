"""The scaler, worked by hand and for any values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from volcast.models.regressor.scaling import BOUND, Scaler


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
