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


def make_line(count=400, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 2))
    return x, x @ np.array([[0.5], [0.3]]) - 9.0 + 0.5 * rng.normal(size=(count, 1))


def test_one_absurd_row_moves_a_forecast_by_less_than_two_percent():
    x, log_y = make_line(2000)
    wrong = log_y.copy()
    wrong[700] += 9.0
    moved = LogLinear.fit(x, wrong).predict_log(x) - LogLinear.fit(x, log_y).predict_log(x)
    assert np.abs(moved).max() < 0.02


def test_the_regression_of_bounded_errors_is_hubers():
    x, log_y = make_line()
    log_y[::50] += 4.0
    fit = LogLinear.fit(x, log_y)
    error = log_y - fit.predict_log(x)
    spread = 1.4826 * np.median(np.abs(error - np.median(error)))
    influence = np.clip(error - np.median(error), -5.0 * spread, 5.0 * spread)
    influence -= influence.mean()
    np.testing.assert_allclose(x.T @ influence / len(x), 0.0, atol=1e-3)
    assert np.abs(influence).max() < 4.0, "nothing was bounded"


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_whole_weights_are_repeated_rows(ridge):
    x, log_y = make_line(60)
    log_y[7] += 6.0  # the spreads are those of repeated rows as well
    times = np.random.default_rng(1).integers(1, 5, len(x))
    weighted = LogLinear.fit(x, log_y, ridge=ridge, weight=times.astype(float))
    repeated = LogLinear.fit(
        np.repeat(x, times, axis=0), np.repeat(log_y, times, axis=0), ridge=ridge
    )
    for name, value in vars(repeated).items():
        np.testing.assert_allclose(getattr(weighted, name), value, rtol=1e-9, atol=1e-9)
    assert np.abs(LogLinear.fit(x, log_y).slopes - weighted.slopes).max() > 1e-3


@pytest.mark.parametrize("level", [800.0, -800.0, 1e300, -1e300])
def test_an_absurd_input_forecasts_within_a_factor_of_ten_of_what_was_fitted(level):
    x, log_y = make_line()
    forecast = LogLinear.fit(x, log_y).predict_log(np.array([[level, -level]]))
    assert log_y.min() - np.log(10.0) <= forecast.item() <= log_y.max() + np.log(10.0)
