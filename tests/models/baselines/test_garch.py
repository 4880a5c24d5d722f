"""GARCH: the recursion against a loop and against arch, the scaling, and fits that fail."""

from dataclasses import replace

import numpy as np
import pytest
from arch import arch_model
from hypothesis import given
from hypothesis import strategies as st

from tests.models.samples import LAST_KNOWN, SESSIONS, SPLIT, make_sample
from volcast.models.baselines.garch import FEWEST_RETURNS, GARCH, GARCHRecursion
from volcast.models.forecaster import Split, select_fit_rows

SAMPLE = make_sample()
RECURSION = GARCHRecursion(mean=0.05, omega=0.04, alpha=0.08, beta=0.88, scale=np.ones(3))
HORIZONS = (1, 5, 22)


def returns(count=800, seed=0):
    return np.random.default_rng(seed).normal(size=count) * 0.01


def test_the_recursion_is_that_of_a_loop_and_a_missing_return_counts_as_the_level():
    log_return = returns(60)
    log_return[[0, 30, 31]] = np.nan
    ahead = RECURSION.forecast_next(log_return)
    level = 0.04 / (1.0 - 0.96)
    state = level
    for value, forecast in zip(log_return, ahead, strict=True):
        squared = level if np.isnan(value) else (100.0 * value - 0.05) ** 2
        state = 0.04 + 0.08 * squared + 0.88 * state
        assert forecast == pytest.approx(state, rel=1e-12)


@given(alpha=st.floats(0.0, 0.3), beta=st.floats(0.0, 0.75), level=st.floats(0.01, 10.0))
def test_the_mean_over_several_sessions_is_that_of_a_loop(alpha, beta, level):
    """Eq. of the k-step forecast: E s_{t+k+1} = omega + (alpha + beta) E s_{t+k}."""
    if alpha + beta > 0.99:
        return
    omega = level * (1.0 - alpha - beta)
    recursion = GARCHRecursion(0.0, omega, alpha, beta, np.ones(3))
    log_return = returns(30)
    means = recursion.forecast_mean(log_return, HORIZONS)
    for origin in (0, 29):
        steps = [recursion.forecast_next(log_return)[origin]]
        while len(steps) < max(HORIZONS):
            steps.append(omega + (alpha + beta) * steps[-1])
        by_loop = [np.mean(steps[:h]) / 1e4 for h in HORIZONS]
        np.testing.assert_allclose(means[origin], by_loop, rtol=1e-9)


def test_the_forecasts_are_those_of_arch_with_the_same_parameters():
    log_return = returns()
    model = arch_model(100.0 * log_return, vol="GARCH", p=1, q=1, rescale=False)
    theirs = model.fix([0.05, 0.04, 0.08, 0.88]).forecast(horizon=22, start=0).variance
    mine = RECURSION.forecast_mean(log_return, HORIZONS)
    for column, horizon in enumerate(HORIZONS):
        expected = theirs.to_numpy()[400:, :horizon].mean(axis=1) / 1e4
        np.testing.assert_allclose(mine[400:, column], expected, rtol=1e-12)


def test_a_persistence_of_one_or_more_still_gives_finite_forecasts():
    integrated = GARCHRecursion(0.0, 0.01, 0.2, 0.8, np.ones(3))
    means = integrated.forecast_mean(returns(), HORIZONS)
    assert np.isfinite(means).all() and (means > 0).all()


def test_the_estimates_are_those_of_arch_on_the_returns_of_the_fitted_part():
    model = GARCH().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    last = np.flatnonzero(select_fit_rows(SAMPLE.until(LAST_KNOWN), SPLIT.both)[:, 0])[-1]
    assert last == SPLIT.validation.stop - 1
    percent = 100.0 * SAMPLE.log_return[: last + 1, 0]
    fit = arch_model(percent, vol="GARCH", p=1, q=1, rescale=False).fit(disp="off")
    mine = model.recursions_[0]
    estimates = [mine.mean, mine.omega, mine.alpha, mine.beta]
    np.testing.assert_array_equal(estimates, fit.params.to_numpy())


def test_in_a_rolling_window_the_returns_before_it_are_not_estimated_on():
    rolling = Split(train=slice(100, 400), validation=slice(405, 490))
    wild = SAMPLE.log_return.copy()
    wild[:100] *= 30.0
    known = SAMPLE.until(LAST_KNOWN)
    one = GARCH().fit(known, rolling).recursions_[0]
    two = GARCH().fit(replace(known, log_return=wild[: LAST_KNOWN + 1]), rolling).recursions_[0]
    assert (one.omega, one.alpha, one.beta) == (two.omega, two.alpha, two.beta)


def test_the_mean_forecast_of_the_fitted_rows_is_the_mean_target():
    known = SAMPLE.until(LAST_KNOWN)
    forecast = GARCH().fit(known, SPLIT).forecast(known, slice(0, LAST_KNOWN + 1))
    rows = select_fit_rows(known, SPLIT.both)
    for ticker in range(3):
        mine = rows[:, ticker]
        np.testing.assert_allclose(
            forecast[mine, ticker].mean(axis=0), known.target[mine, ticker].mean(axis=0)
        )


def test_a_fit_that_does_not_converge_is_nan_for_its_ticker_alone():
    flat = SAMPLE.log_return.copy()
    flat[:, 0] = 0.0
    sample = replace(SAMPLE, log_return=flat)
    forecast = GARCH().fit(sample.until(LAST_KNOWN), SPLIT).forecast(sample, slice(0, SESSIONS))
    assert np.isnan(forecast[:, 0]).all()
    assert np.isfinite(forecast[SAMPLE.usable()[:, 1], 1]).all()


def test_too_few_returns_are_no_fit():
    short = Split(train=slice(0, 200), validation=slice(205, FEWEST_RETURNS - 1))
    long = Split(train=slice(0, 200), validation=slice(205, FEWEST_RETURNS))
    assert GARCH().fit(SAMPLE.until(300), short).recursions_[0] is None
    assert GARCH().fit(SAMPLE.until(300), long).recursions_[0] is not None
    assert GARCH().fit(SAMPLE.until(300), long).recursions_[1] is None  # the late one


GJR = replace(RECURSION, alpha=0.03, gamma=0.1, beta=0.87)


def test_gjr_forecasts_are_those_of_arch_with_the_same_parameters():
    log_return = returns()
    model = arch_model(100.0 * log_return, vol="GARCH", p=1, o=1, q=1, rescale=False)
    theirs = model.fix([0.05, 0.04, 0.03, 0.1, 0.87]).forecast(horizon=22, start=0).variance
    mine = GJR.forecast_mean(log_return, HORIZONS)
    for column, horizon in enumerate(HORIZONS):
        expected = theirs.to_numpy()[400:, :horizon].mean(axis=1) / 1e4
        np.testing.assert_allclose(mine[400:, column], expected, rtol=1e-12)


def test_gjr_weighs_falls_more_and_a_missing_return_counts_as_the_level():
    fall, rise, none = (GJR.forecast_next(np.array([r])) for r in (-0.02, 0.021, np.nan))
    assert fall > 1.4 * rise
    assert none == pytest.approx(GJR.level)


def test_the_asymmetric_model_of_t_errors_is_estimated_by_arch():
    model = GARCH(asymmetric=True, errors="t").fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    rows = select_fit_rows(SAMPLE.until(LAST_KNOWN), SPLIT.both)
    last = np.flatnonzero(rows[:, 0])[-1] + 1
    percent = 100.0 * SAMPLE.log_return[:last, 0]
    percent = percent[np.isfinite(percent)]
    fit = arch_model(percent, vol="GARCH", p=1, o=1, q=1, dist="t", rescale=False).fit(disp="off")
    found = model.recursions_[0]
    wanted = fit.params[["mu", "omega", "alpha[1]", "gamma[1]", "beta[1]"]]
    np.testing.assert_allclose(
        [found.mean, found.omega, found.alpha, found.gamma, found.beta], wanted, rtol=1e-12
    )


@pytest.mark.parametrize("options", [{}, {"asymmetric": True, "errors": "t"}])
def test_the_returns_around_a_wrong_close_are_left_out_of_the_estimate(options):
    variance, wrong, unknown = (x.copy() for x in (SAMPLE.variance, *[SAMPLE.log_return] * 2))
    variance[200, 0] *= np.exp(10.0)
    wrong[[200, 201], 0], unknown[[200, 201], 0] = [-4.6, 4.6], np.nan
    spoilt = replace(SAMPLE, variance=variance, log_return=wrong).until(LAST_KNOWN)
    expected = GARCH(**options).fit(replace(SAMPLE, log_return=unknown).until(LAST_KNOWN), SPLIT)
    found, wanted = GARCH(**options).fit(spoilt, SPLIT).recursions_[0], expected.recursions_[0]
    for name in ("mean", "omega", "alpha", "gamma", "beta"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), rel=1e-6)


def test_a_wrong_return_counts_as_the_largest_that_is_possible():
    known = SAMPLE.until(LAST_KNOWN)
    model = GARCH().fit(known, SPLIT)
    forecasts = []
    for size in (model.recursions_[0].largest, 4.6):
        log_return = known.log_return.copy()
        log_return[480, 0] = size
        sample = replace(known, log_return=log_return)
        forecasts.append(model.forecast(sample, slice(480, LAST_KNOWN))[:, 0])
    np.testing.assert_array_equal(*forecasts)
    calm = model.forecast(known, slice(480, LAST_KNOWN))[:, 0]
    assert (forecasts[0][0] > calm[0]).all()
