"""The baselines that need no optimiser, by hand and against naive loops."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.samples import LAST_KNOWN, SESSIONS, SPLIT, make_sample
from volcast.models.baselines.ewma import DECAY, EWMA
from volcast.models.baselines.har import FEWEST_ROWS, LogHAR
from volcast.models.baselines.naive import LastValue, MonthMean, rolling_month_mean
from volcast.models.forecaster import Split, select_fit_rows
from volcast.models.regressor.anchor import LogLinear

ALL = slice(0, SESSIONS)
SAMPLE = make_sample()


def with_gaps(sample):
    """Return the sample with a tenth of its variances missing, its features as they were."""
    gaps = np.random.default_rng(3).random(sample.variance.shape) < 0.1
    return replace(sample, variance=np.where(gaps, np.nan, sample.variance))


def test_the_last_value_is_the_variance_of_the_origin_for_every_horizon():
    forecast = LastValue().fit(SAMPLE, SPLIT).forecast(SAMPLE, slice(100, 200))
    for horizon in range(2):
        np.testing.assert_array_equal(forecast[:, 0, horizon], SAMPLE.variance[100:200, 0])


def test_the_month_mean_is_the_mean_of_22_sessions():
    forecast = MonthMean().fit(SAMPLE, SPLIT).forecast(SAMPLE, ALL)
    for origin in range(21, SESSIONS):
        mean = SAMPLE.variance[origin - 21 : origin + 1, 0].mean()
        np.testing.assert_allclose(forecast[origin, 0], mean, rtol=1e-12)


@given(st.lists(st.one_of(st.just(np.nan), st.floats(1e-8, 1.0)), min_size=1, max_size=60))
def test_the_month_mean_needs_14_of_its_22_sessions(values):
    variance = np.array(values)[:, None]
    for row, mean in enumerate(rolling_month_mean(variance)[:, 0]):
        window = variance[max(0, row - 21) : row + 1, 0]
        known = window[np.isfinite(window)]
        if len(known) < 14:
            assert np.isnan(mean)
        else:
            assert mean == pytest.approx(known.mean(), rel=1e-9)


def test_the_ewma_follows_its_recursion_once_its_start_is_forgotten():
    sample = with_gaps(SAMPLE)
    forecast = EWMA().fit(sample, SPLIT).forecast(sample, ALL)[:, 0, 0]
    average = 1.0  # whatever: 0.94 ** 450 is 1e-12
    for origin in range(SESSIONS):
        today = sample.variance[origin, 0]
        if np.isfinite(today):
            average = DECAY * average + (1 - DECAY) * today
        if origin > 450:
            assert forecast[origin] == pytest.approx(average, rel=1e-6)


def test_the_ewma_weighs_by_age_with_weights_that_sum_to_one():
    sample = with_gaps(SAMPLE)
    forecast = EWMA().fit(sample, SPLIT).forecast(sample, ALL)
    for ticker, origin in ((0, 21), (0, 300), (1, 180), (2, 400)):
        known = sample.variance[: origin + 1, ticker]
        known = known[np.isfinite(known)]
        weights = DECAY ** np.arange(len(known))[::-1]
        expected = weights @ known / weights.sum()
        np.testing.assert_allclose(forecast[origin, ticker], expected, rtol=1e-12)


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


def test_a_rows_forecast_does_not_depend_on_how_many_rows_there_are():
    x = np.random.default_rng(0).normal(size=(500, 7))
    model = LogLinear.fit(x, x[:, :3] + x[:, 3:6])
    whole = model.predict_log(x)
    for rows in (1, 2, 3, 17):
        np.testing.assert_array_equal(model.predict_log(x[:rows]), whole[:rows])
        np.testing.assert_array_equal(model.predict_log(np.asfortranarray(x)[:rows]), whole[:rows])
