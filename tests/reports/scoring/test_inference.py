import math

import numpy as np
import pytest
from scipy import stats

from volcast.reports.scoring.inference import (
    collapse_by_date,
    degrees_of_freedom,
    diebold_mariano,
    long_run_covariance,
    mincer_zarnowitz,
)


def naive_cosine_estimate(moments, cosines):
    """The sums of Lazarus, Lewis, Stock and Watson (2018), section 2, on one series."""
    n = len(moments)
    total = 0.0
    for j in range(1, cosines + 1):
        transform = 0.0
        for t in range(1, n + 1):
            transform += math.sqrt(2 / n) * moments[t - 1] * math.cos(math.pi * j * (t - 0.5) / n)
        total += transform**2
    return total / cosines


def test_the_long_run_variance_of_two_moments_is_the_one_worked_by_hand():
    # One cosine: sqrt(2/2) * (3 cos 45 degrees + 1 cos 135 degrees) = 2 / sqrt(2), squared 2
    assert long_run_covariance([3.0, 1.0], 1)[0, 0] == pytest.approx(2.0)


def test_the_long_run_variance_equals_a_naive_double_loop():
    moments = np.random.default_rng(0).standard_normal(60)
    assert long_run_covariance(moments, 7)[0, 0] == pytest.approx(naive_cosine_estimate(moments, 7))


def test_a_constant_added_to_the_moments_does_not_change_their_long_run_covariance():
    moments = np.random.default_rng(0).standard_normal((50, 2))
    moved = long_run_covariance(moments + np.array([3.0, -100.0]), 9)
    assert moved == pytest.approx(long_run_covariance(moments, 9))


def test_degrees_of_freedom_fall_with_the_horizon_and_stay_above_zero():
    assert degrees_of_freedom(1000, 1) == 40  # 0.4 * 1000^(2/3)
    assert degrees_of_freedom(250, 22) == 5  # 250 / 44 = 5.7
    assert degrees_of_freedom(2500, 22) == 56  # 2500 / 44 = 56.8; 0.4 * 2500^(2/3) = 73.7
    assert degrees_of_freedom(10, 22) == 1


def test_dates_are_summed_in_ascending_order():
    sums, rows = collapse_by_date([1.0, 2.0, 4.0], [20, 10, 20])
    assert sums.tolist() == [2.0, 5.0]
    assert rows.tolist() == [1.0, 2.0]


def test_with_all_cosines_diebold_mariano_is_the_t_test(monkeypatch):
    monkeypatch.setattr(
        "volcast.reports.scoring.inference.degrees_of_freedom", lambda dates, horizon: dates - 1
    )
    difference = np.random.default_rng(1).standard_normal(80) - 0.1
    ours = diebold_mariano(difference, np.arange(80), 1)
    theirs = stats.ttest_1samp(difference, 0.0)
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert ours.p_value == pytest.approx(theirs.pvalue)


def test_the_p_value_is_read_from_students_t_with_few_degrees_of_freedom():
    difference = np.random.default_rng(1).standard_normal(100) - 0.1
    test = diebold_mariano(difference, np.arange(100), 1)
    assert test.degrees_of_freedom == 9  # 0.4 * 100^(2/3) = 8.6
    assert test.p_value == pytest.approx(2 * stats.t.sf(abs(test.statistic), 9))


def test_a_negative_statistic_means_that_the_model_was_better():
    difference = np.random.default_rng(2).standard_normal(200) - 1.0
    test = diebold_mariano(difference, np.arange(200), 1)
    assert test.statistic < -5
    assert test.p_value < 0.001


def test_tickers_that_copy_each_other_do_not_sharpen_the_test():
    difference = np.random.default_rng(3).standard_normal(200) - 0.1
    once = diebold_mariano(difference, np.arange(200), 5)
    tenfold = diebold_mariano(np.tile(difference, 10), np.tile(np.arange(200), 10), 5)
    assert tenfold.statistic == pytest.approx(once.statistic)
    assert tenfold.dates == 200


@pytest.mark.parametrize(
    "difference", [np.zeros(100), np.full(100, 0.2), np.arange(20.0)], ids=["zero", "equal", "few"]
)
def test_diebold_mariano_is_nan_where_nothing_can_be_tested(difference):
    test = diebold_mariano(difference, np.arange(len(difference)), 1)
    assert np.isnan(test.statistic)
    assert np.isnan(test.p_value)
    assert test.mean_difference == pytest.approx(difference.mean())


@pytest.mark.parametrize(
    ("dates", "horizon", "tested"), [(29, 1, 0), (30, 1, 1), (87, 22, 0), (88, 22, 1)]
)
def test_fewer_than_30_dates_or_four_horizons_are_not_tested(dates, horizon, tested):
    difference = np.random.default_rng(5).standard_normal(dates)
    test = diebold_mariano(difference, np.arange(dates), horizon)
    line = mincer_zarnowitz(2.0 + difference, difference, np.arange(dates), horizon)
    assert np.isfinite(test.p_value) == np.isfinite(line.p_value) == tested


@pytest.mark.parametrize(("horizon", "dates"), [(1, 250), (5, 250), (22, 250), (22, 1000)])
def test_under_the_null_diebold_mariano_rejects_about_as_often_as_it_says(horizon, dates):
    rng = np.random.default_rng(4)
    rejected = 0
    for _ in range(600):
        shocks = rng.standard_normal(dates + horizon - 1)
        overlapping = np.convolve(shocks, np.ones(horizon) / horizon, mode="valid")
        rejected += diebold_mariano(overlapping, np.arange(dates), horizon).p_value < 0.05
    assert 0.035 <= rejected / 600 <= 0.07


@pytest.mark.parametrize("horizon", [5, 22])
def test_an_honest_forecast_is_rejected_about_as_often_as_mincer_zarnowitz_says(horizon):
    rng = np.random.default_rng(6)
    rejected = 0
    for _ in range(400):
        forecast = 2.0 + rng.standard_normal(500)
        shocks = rng.standard_normal(500 + horizon - 1)
        overlapping = np.convolve(shocks, np.ones(horizon) / horizon, mode="valid")
        line = mincer_zarnowitz(forecast + overlapping, forecast, np.arange(500), horizon)
        rejected += line.p_value < 0.05
    assert 0.03 <= rejected / 400 <= 0.09


def test_mincer_zarnowitz_finds_the_line_through_three_points():
    # forecasts 1, 2, 3 and outcomes 2, 3, 7: slope 5/2, intercept 4 - 5 = -1, R2 = 12.5/14
    line = mincer_zarnowitz([2.0, 3.0, 7.0], [1.0, 2.0, 3.0], [1, 2, 3], 1)
    assert line.slope == pytest.approx(2.5)
    assert line.intercept == pytest.approx(-1.0)
    assert line.r2 == pytest.approx(12.5 / 14)
    assert np.isnan(line.p_value)


def test_mincer_zarnowitz_errors_equal_those_of_the_sandwich_formula():
    from statsmodels.api import OLS, add_constant

    rng = np.random.default_rng(5)
    forecast = 1e-4 * np.exp(rng.standard_normal(300))
    realized = forecast * np.exp(0.3 * rng.standard_normal(300))
    ours = mincer_zarnowitz(realized, forecast, np.arange(300), 5)
    design = add_constant(forecast * 1e4)
    theirs = OLS(realized * 1e4, design).fit()
    bread = np.linalg.inv(design.T @ design)
    scores = design * theirs.resid[:, None]
    meat = 300 * np.array([[cross_estimate(a, b) for b in scores.T] for a in scores.T])
    errors = np.sqrt(np.diag(bread @ meat @ bread))
    assert ours.intercept == pytest.approx(theirs.params[0] * 1e-4)
    assert ours.slope_error == pytest.approx(errors[1])
    assert ours.intercept_error == pytest.approx(errors[0] * 1e-4)
    assert ours.r2 == pytest.approx(theirs.rsquared)


def cross_estimate(one, other):
    """The covariance from variances of sums: cov(a, b) = (var(a + b) - var(a - b)) / 4."""
    count = degrees_of_freedom(300, 5)
    return (
        naive_cosine_estimate(one + other, count) - naive_cosine_estimate(one - other, count)
    ) / 4


def test_mincer_zarnowitz_accepts_an_honest_forecast_and_rejects_a_doubled_one():
    rng = np.random.default_rng(6)
    forecast = np.exp(rng.standard_normal(500))
    realized = forecast * rng.chisquare(5, 500) / 5
    assert mincer_zarnowitz(realized, forecast, np.arange(500), 1).p_value > 0.01
    assert mincer_zarnowitz(realized, 2 * forecast, np.arange(500), 1).p_value < 0.001


def test_a_constant_forecast_has_no_line():
    line = mincer_zarnowitz([1.0, 2.0, 3.0], [2.0, 2.0, 2.0], [1, 2, 3], 1)
    assert np.isnan(line.slope)
