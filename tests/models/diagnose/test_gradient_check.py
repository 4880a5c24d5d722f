"""The gradient check: by hand on a linear network, right for what there is, wrong where planted."""

import numpy as np
import pytest

from tests.models.diagnose.problems import make_problem, with_settings
from volcast.models.backend import tf
from volcast.models.diagnose.gradient_check import (
    STEP,
    LossFunction,
    check_gradients,
    compare_gradients,
)
from volcast.models.training_options import ACTIVATIONS


def test_both_gradients_of_a_linear_network_are_those_worked_by_hand():
    problem = make_problem(hidden=(), loss="mse", l2=0.3)
    plan, rows = problem.build_plan(), problem.rows
    loss = LossFunction(problem, plan)
    kernel, bias = np.random.default_rng(0).normal(size=(4, 2)), np.array([0.2, -0.4])
    point = np.concatenate([kernel.ravel(), bias])
    chosen = problem.training[np.linspace(0, len(problem.training) - 1, 64).astype(int)]
    x = rows.inputs[chosen].astype(np.float64)
    error = rows.anchor[chosen] + x @ kernel + bias - rows.target[chosen].astype(np.float64)
    by_kernel = 2.0 * x.T @ error / error.size + 2.0 * 0.3 * kernel
    expected = np.concatenate([by_kernel.ravel(), 2.0 * error.sum(axis=0) / error.size])
    np.testing.assert_allclose(loss.differentiate(point), expected, rtol=1e-12)
    np.testing.assert_allclose(
        loss.compute_differences(point, np.arange(10), STEP), expected, rtol=1e-8
    )
    slopes = loss.compute_slopes(point)
    for slope in slopes:
        np.testing.assert_allclose(slope, (2.0 * error / 2).ravel(), rtol=1e-6)


@pytest.mark.parametrize("loss", ["qlike", "mae", "huber", "log_cosh"])
def test_the_losses_have_right_gradients(loss):
    parts = check_gradients(make_problem(loss=loss, l2=0.01, dropout=0.3))["parts"]
    assert (parts["gradient_norm"] > 1e-4).all()
    assert (parts["relative_error"] < 1e-7).all()
    assert (parts["kinks"] <= 0.1 * parts["entries"]).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_activations_have_right_gradients(activation):
    parts = check_gradients(make_problem(activation=activation, initialisation="he"))["parts"]
    assert parts["layer"].tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert (parts["relative_error"] < 1e-7).all()


@tf.custom_gradient
def exponential_with_a_wrong_slope(x):
    return tf.exp(x), lambda upstream: 1.001 * upstream * tf.exp(x)


def qlike_with_a_wrong_slope(truth, forecast):
    error = truth - forecast
    return tf.reduce_mean(exponential_with_a_wrong_slope(error) - error - 1.0, axis=-1)


@tf.custom_gradient
def tanh_with_a_wrong_slope(x):
    return tf.tanh(x), lambda upstream: upstream * (1.0 - tf.tanh(x))


def test_a_wrong_slope_of_the_loss_spoils_every_part():
    parts = check_gradients(make_problem(loss=qlike_with_a_wrong_slope))["parts"]
    assert (parts["relative_error"] > 1e-4).all()


def test_a_wrong_activation_spoils_the_layers_before_it_and_no_others():
    parts = check_gradients(
        with_settings(make_problem(), hidden=(8, 8), activation=tanh_with_a_wrong_slope)
    )["parts"]
    spoilt = parts["layer"].between(1, 2)
    assert (parts.loc[spoilt, "relative_error"] > 1e-2).all()
    assert (parts.loc[~spoilt, "relative_error"] < 1e-7).all()


def test_a_loss_in_float32_is_too_coarse_to_be_checked():
    def coarse(truth, forecast):
        error = tf.cast(truth - forecast, tf.float32)
        return tf.cast(tf.reduce_mean(tf.square(error), axis=-1), truth.dtype)

    parts = check_gradients(make_problem(loss=coarse))["parts"]
    assert (parts["kinks"] > 0.5 * parts["entries"]).all()


def test_entries_at_which_two_steps_disagree_are_left_out_and_counted():
    automatic, numerical = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.5, 3.03])
    shorter = np.array([1.0, 2.2, 3.03])
    found = compare_gradients(automatic, numerical, shorter)
    assert found["kinks"] == 1
    assert found["entries"] == 3
    norms = np.hypot(1.0, 3.0) + np.hypot(1.0, 3.03)
    assert found["relative_error"] == pytest.approx(0.03 / norms)
    assert found["worst_error"] == pytest.approx(0.03 / 3.03)
    assert found["rounding"] == 0.0
