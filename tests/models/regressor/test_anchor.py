"""The log-linear regression, worked by hand."""

import numpy as np
import pytest

from volcast.models.regressor.anchor import LogLinear


def test_a_log_linear_fit_with_its_smearing_by_hand():
    x = np.array([[0.0], [0.0], [1.0], [1.0]])
    log_y = np.array([[0.3], [-0.3], [1.3], [0.7]])  # 0 and 1, each with an error of +-0.3
    fit = LogLinear.fit(x, log_y)
    assert fit.slopes == pytest.approx(np.array([[1.0]]))
    assert fit.intercept == pytest.approx(np.array([np.log(np.cosh(0.3))]))
    np.testing.assert_allclose(fit.predict_log(np.array([[2.0]])), 2.0 + np.log(np.cosh(0.3)))


def test_a_log_linear_fit_without_columns_is_the_mean():
    y = np.array([[1.0, 2.0], [3.0, 10.0]])
    fit = LogLinear.fit(np.empty((2, 0)), np.log(y))
    np.testing.assert_allclose(np.exp(fit.predict_log(np.empty((3, 0)))), [[2.0, 6.0]] * 3)


def test_a_log_linear_fit_is_unbiased_for_the_variance_in_its_own_rows():
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(200, 3)), rng.normal(size=(200, 2))
    log_y = x @ rng.normal(size=(3, 2)) + noise
    ratio = np.exp(log_y - LogLinear.fit(x, log_y).predict_log(x))
    np.testing.assert_allclose(ratio.mean(axis=0), 1.0)


def test_a_repeated_column_does_not_break_the_fit():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 2))
    log_y = rng.normal(size=(50, 1))
    once = LogLinear.fit(x, log_y).predict_log(x)
    twice = LogLinear.fit(np.hstack([x, x]), log_y).predict_log(np.hstack([x, x]))
    np.testing.assert_allclose(twice, once)


def test_a_rows_forecast_does_not_depend_on_how_many_rows_there_are():
    x = np.random.default_rng(0).normal(size=(500, 7))
    model = LogLinear.fit(x, x[:, :3] + x[:, 3:6])
    whole = model.predict_log(x)
    for rows in (1, 2, 3, 17):
        np.testing.assert_array_equal(model.predict_log(x[:rows]), whole[:rows])
        np.testing.assert_array_equal(model.predict_log(np.asfortranarray(x)[:rows]), whole[:rows])
