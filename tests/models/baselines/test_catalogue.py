"""Pooled and rolling HAR, HAR-X and trees, and a user's own class."""

import numpy as np
import pytest

from tests.models.samples import LAST_KNOWN, SESSIONS, SPLIT, make_sample
from volcast.models.baselines.catalogue import BASELINES, make_baseline
from volcast.models.baselines.har import HARX, LogHAR, PooledHAR
from volcast.models.baselines.naive import MonthMean
from volcast.models.baselines.trees import Trees
from volcast.models.forecaster import select_fit_rows
from volcast.models.regressor.preprocessing import RIDGE
from volcast.pipeline.config.settings import BaselineSettings

SAMPLE = make_sample()
KNOWN = SAMPLE.until(LAST_KNOWN)
ROWS = select_fit_rows(KNOWN, SPLIT.both)
ALL = slice(0, SESSIONS)


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


def test_trees_learn_what_least_squares_cannot():
    rng = np.random.default_rng(0)
    bend = np.abs(SAMPLE.x[:, :, :1] + 9.0)
    target = np.exp(-9.0 + bend + 0.1 * rng.normal(size=SAMPLE.target.shape))
    bent = SAMPLE.until(LAST_KNOWN)
    object.__setattr__(bent, "target", np.where(np.isfinite(bent.target), target[:495], np.nan))
    errors = {}
    for model in (Trees(), HARX()):
        forecast = model.fit(bent, SPLIT).forecast(SAMPLE, slice(495, SESSIONS))
        known = np.isfinite(forecast)
        errors[type(model)] = np.mean((np.log(forecast) - np.log(target[495:]))[known] ** 2)
    assert errors[Trees] < 0.5 * errors[HARX]


def test_the_settings_accept_every_baseline_and_each_can_be_made():
    assert BaselineSettings(models=tuple(BASELINES)).models == tuple(BASELINES)
    for name in BASELINES:
        assert callable(make_baseline(name).forecast)


def test_a_users_own_class_is_found_in_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "own_models.py").write_text(
        "from volcast.models.baselines.naive import MonthMean\n"
        "class Mine(MonthMean):\n    pass\n"
        "class Half:\n    def fit(self): ...\n"
    )
    monkeypatch.chdir(tmp_path)
    mine = make_baseline("own_models:Mine")
    assert isinstance(mine, MonthMean) and type(mine).__name__ == "Mine"
    with pytest.raises(ValueError, match="own_models:Half has no `fit` and `forecast`"):
        make_baseline("own_models:Half")
    with pytest.raises(
        ValueError, match=r"own_models:None cannot be imported: .* no attribute 'None'"
    ):
        make_baseline("own_models:None")
    with pytest.raises(ValueError, match="no_such_module:X cannot be imported: No module named"):
        make_baseline("no_such_module:X")
    with pytest.raises(ValueError, match="no baseline 'arima'; available: last_value, mean_22"):
        make_baseline("arima")
