"""QLIKE and the squared log error: values, minimisers, and gradients that point home."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volcast.models.backend import keras, tf
from volcast.models.engine.losses import EXPONENT_CAP, build_output_loss, build_row_loss, qlike

logs = st.floats(-30, 30, width=32)
mse = build_row_loss("mse")


def gradient(loss, log_realized, log_forecast):
    forecast = tf.Variable(np.float64(log_forecast))
    with tf.GradientTape() as tape:
        truth = tf.constant(np.atleast_1d(log_realized)[:, None], tf.float64)
        value = tf.reduce_mean(loss(truth, tf.zeros_like(truth) + forecast))
    return float(tape.gradient(value, forecast))


def test_qlike_is_that_of_patton():
    realized, forecast = np.array([2.0, 0.5, 3.0]), np.array([1.0, 2.0, 3.0])
    by_hand = realized / forecast - np.log(realized / forecast) - 1.0
    logs = np.log(realized), np.log(forecast)
    np.testing.assert_allclose(qlike(*(x[:, None] for x in logs)), by_hand, atol=1e-15)
    np.testing.assert_allclose(qlike(*logs), by_hand.mean(), atol=1e-15)


def test_qlike_is_a_straight_line_above_the_cap():
    e = np.exp(EXPONENT_CAP)
    at_cap = e - EXPONENT_CAP - 1.0
    errors = EXPONENT_CAP + np.array([0.0, 1.0, 10.0])
    expected = at_cap + (e - 1.0) * np.array([0.0, 1.0, 10.0])
    values = qlike(errors[:, None], 0.0 * errors[:, None])
    np.testing.assert_allclose(values, expected, rtol=1e-12)


@settings(deadline=None)
@given(realized=logs, forecast=logs)
def test_every_loss_is_zero_at_the_truth_and_falls_towards_it(realized, forecast):
    for loss in (qlike, mse):
        assert float(loss(np.float64([realized]), np.float64([realized]))) == 0.0
        value = float(loss(np.float64([realized]), np.float64([forecast])))
        assert np.isfinite(value) and value >= 0.0
        if abs(realized - forecast) > 1e-6:
            slope = gradient(loss, realized, forecast)
            assert np.sign(slope) == np.sign(forecast - realized)


@pytest.mark.parametrize("error", [5.0, 50.0, 5000.0])
def test_a_wild_row_pulls_the_forecast_up_and_cannot_overflow(error):
    slope = gradient(qlike, error, 0.0)
    assert slope == pytest.approx(1.0 - np.exp(EXPONENT_CAP))


def test_qlike_is_minimised_by_the_mean_and_mse_by_the_mean_log():
    realized = np.exp(np.random.default_rng(0).normal(size=500))
    log_realized = np.log(realized)
    for loss, best in ((qlike, np.log(realized.mean())), (mse, log_realized.mean())):
        assert log_realized.max() - best < EXPONENT_CAP
        assert gradient(loss, log_realized, best) == pytest.approx(0.0, abs=1e-12)
        losses = [float(loss(log_realized, 0 * log_realized + best + d)) for d in (-0.1, 0.0, 0.1)]
        assert losses[1] < min(losses[0], losses[2])


def test_a_loss_is_a_name_of_keras_an_object_or_a_function():
    truth, forecast = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 0.0]])
    expected = [2.5, 4.5]
    of_keras = keras.losses.MeanSquaredError()
    for loss in ("mse", "MeanSquaredError", of_keras, keras.losses.mean_squared_error):
        np.testing.assert_allclose(build_row_loss(loss)(truth, forecast), expected)
    with pytest.raises(ValueError, match="no_such_loss"):
        build_row_loss("no_such_loss")


@pytest.mark.parametrize("name", ["qlike", "mse", "huber", "log_cosh", "mae"])
def test_the_loss_of_each_output_is_its_own_and_their_mean_the_whole(name):
    loss = build_row_loss(name)
    truth, forecast = tf.constant(np.random.default_rng(1).normal(size=(2, 5, 3)))
    parts = np.asarray(build_output_loss(loss, 3)(truth, forecast))
    for at in range(3):
        alone = loss(truth[:, at : at + 1], forecast[:, at : at + 1])
        np.testing.assert_allclose(parts[:, at], alone)
    np.testing.assert_allclose(parts.mean(axis=1), loss(truth, forecast))


def test_a_loss_that_is_no_mean_over_outputs_is_given_to_each_whole():
    def worst(truth, forecast):
        return tf.reduce_max(tf.square(truth - forecast), axis=-1)

    truth, forecast = tf.constant(np.random.default_rng(1).normal(size=(2, 5, 3)))
    parts = np.asarray(build_output_loss(worst, 3)(truth, forecast))
    np.testing.assert_array_equal(parts, np.repeat(worst(truth, forecast)[:, None], 3, axis=1))
