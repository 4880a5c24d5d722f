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


def test_a_column_far_from_zero_keeps_its_information():
    rng = np.random.default_rng(0)
    near = rng.normal(size=(500, 1))
    far = 1e6 + 0.01 * near
    np.testing.assert_allclose(
        Scaler.fit(far).transform(far), Scaler.fit(near).transform(near), atol=1e-5
    )


def test_whole_weights_are_repeated_rows():
    rng = np.random.default_rng(0)
    x = np.where(rng.random((40, 3)) < 0.2, np.nan, rng.normal(size=(40, 3)))
    times = rng.integers(1, 5, len(x))
    weighted = Scaler.fit(x, times.astype(float))
    repeated = Scaler.fit(np.repeat(x, times, axis=0))
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-12)
    np.testing.assert_allclose(weighted.deviation, repeated.deviation, rtol=1e-12)


def test_a_few_absurd_values_do_not_change_the_scale_of_the_others():
    clean = np.random.default_rng(0).normal(size=(2000, 1))
    spoilt = np.vstack([clean, np.full((9, 1), 12.0), [[1e9]]])
    first = Scaler.fit(np.vstack([clean, np.full((9, 1), 12.0)]))
    np.testing.assert_allclose(first.deviation, clean.std(axis=0))
    assert Scaler.fit(spoilt).deviation < 1.5
