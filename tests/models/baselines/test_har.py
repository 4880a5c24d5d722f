"""Log-HAR by ticker, pooled and rolling, and HAR-X, against least squares written out again."""

from dataclasses import replace

import numpy as np
import pytest

from tests.models.samples import LAST_KNOWN, SESSIONS, SPLIT, make_sample
from volcast.models.baselines.har import FEWEST_ROWS, HARX, LogHAR, PooledHAR
from volcast.models.forecaster import Split, select_fit_rows
from volcast.models.regressor.anchor import LogLinear
from volcast.models.regressor.preprocessing import RIDGE

ALL = slice(0, SESSIONS)

SAMPLE = make_sample()


def test_log_har_is_least_squares_by_the_normal_equations():
    model = LogHAR().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    forecast = model.forecast(SAMPLE, ALL)
    rows = select_fit_rows(SAMPLE.until(LAST_KNOWN), SPLIT.both)
    for ticker in range(3):
        mine = np.flatnonzero(rows[:, ticker])
        assert len(mine) >= FEWEST_ROWS
        har = SAMPLE.x[:, ticker, :3].astype(float)
        design = np.column_stack([np.ones(SESSIONS), har])
        for horizon in range(2):
            target = np.log(SAMPLE.target[mine, ticker, horizon])
            inside = design[mine]
            coefficients = np.linalg.solve(inside.T @ inside, inside.T @ target)
            smearing = np.exp(target - inside @ coefficients).mean()
            expected = np.exp(design @ coefficients) * smearing
            usable = SAMPLE.usable()[:, ticker]
            mean = forecast[usable, ticker, horizon]
            np.testing.assert_allclose(mean, expected[usable], rtol=1e-8)


def test_a_ticker_with_few_rows_takes_the_coefficients_of_all():
    short = Split(train=slice(0, 250), validation=slice(255, 320))
    model = LogHAR().fit(SAMPLE.until(330), short)
    rows = select_fit_rows(SAMPLE.until(330), short.both)
    assert rows[:, 1].sum() < FEWEST_ROWS <= rows[:, 0].sum()
    x, log_y = SAMPLE.x[:331, :, :3], np.log(SAMPLE.target[:331])
    pooled = LogLinear.fit(x[rows], log_y[rows])
    np.testing.assert_array_equal(model.models_[1].slopes, pooled.slopes)
    assert (model.models_[0].slopes != pooled.slopes).all()


def test_log_har_recovers_the_coefficients_that_made_the_data():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(SESSIONS, 1, 5)).astype(np.float32)
    log_mean = -1.0 + x[:, :, :3].astype(float) @ np.array([0.4, 0.3, 0.2])
    one = replace(
        make_sample(1),
        x=x,
        target=np.exp(log_mean)[:, :, None] * rng.gamma(50.0, 1 / 50.0, (SESSIONS, 1, 2)),
    )
    model = LogHAR().fit(one, SPLIT).models_[0]
    assert model.slopes == pytest.approx(np.array([[0.4, 0.4], [0.3, 0.3], [0.2, 0.2]]), abs=0.03)
    assert model.intercept == pytest.approx([-1.0, -1.0], abs=0.03)  # the mean, not the median


KNOWN = SAMPLE.until(LAST_KNOWN)

ROWS = select_fit_rows(KNOWN, SPLIT.both)


def least_squares(x, rows=ROWS):
    """Return exp(x b) with its smearing, by the normal equations; x (T, N, F) finite in `rows`."""
    design = np.concatenate([np.ones((*x.shape[:2], 1)), x.astype(float)], axis=2)
    inside, log_y = design[: len(rows)][rows], np.log(KNOWN.target[rows])
    slopes = np.linalg.solve(inside.T @ inside, inside.T @ log_y)
    return np.exp(design @ slopes) * np.exp(log_y - inside @ slopes).mean(axis=0)


def test_pooled_har_has_the_same_coefficients_for_all():
    forecast = PooledHAR().fit(KNOWN, SPLIT).forecast(SAMPLE, ALL)
    expected = least_squares(np.nan_to_num(SAMPLE.x[:, :, :3]))
    known = SAMPLE.usable()
    np.testing.assert_allclose(forecast[known], expected[known], rtol=1e-8)


def test_rolling_har_fits_the_latest_sessions_only():
    rolling = LogHAR(window=300).fit(KNOWN, SPLIT).models_[0]
    rows = ROWS.copy()
    rows[: SPLIT.validation.stop - 300] = False
    assert 250 <= rows[:, 0].sum() < ROWS[:, 0].sum()
    mine = np.zeros_like(rows)
    mine[:, 0] = rows[:, 0]
    expected = least_squares(np.nan_to_num(SAMPLE.x[:, :, :3]), mine)
    forecast = np.exp(rolling.predict_log(SAMPLE.x[:, 0, :3]))
    np.testing.assert_allclose(forecast[22:], expected[22:, 0], rtol=1e-8)


def test_harx_is_har_plus_a_ridge_regression_of_its_error_on_relative_levels():
    x = SAMPLE.x[:, :, :4].astype(float)
    har = np.log(least_squares(np.nan_to_num(x[:, :, :3])))
    relative = x.copy()
    relative[:, :, :3] -= har.mean(axis=2, keepdims=True)
    inside = relative[: len(ROWS)][ROWS]
    mean, deviation = np.nanmean(inside, axis=0), np.nanstd(inside, axis=0)
    z = np.nan_to_num(np.clip((relative - mean) / deviation, -6, 6))
    fitted_z = z[: len(ROWS)][ROWS] - z[: len(ROWS)][ROWS].mean(axis=0)
    error = np.log(KNOWN.target[ROWS]) - har[: len(ROWS)][ROWS]
    moments = fitted_z.T @ fitted_z / len(fitted_z) + RIDGE * np.eye(4)
    slopes = np.linalg.solve(moments, fitted_z.T @ (error - error.mean(axis=0)) / len(fitted_z))
    log_forecast = har + z @ slopes
    left = np.log(KNOWN.target[ROWS]) - log_forecast[: len(ROWS)][ROWS]
    expected = np.exp(log_forecast) * np.exp(left).mean(axis=0)
    forecast, known = HARX().fit(KNOWN, SPLIT).forecast(SAMPLE, ALL), SAMPLE.usable()
    np.testing.assert_allclose(forecast[known], expected[known], rtol=1e-5)
