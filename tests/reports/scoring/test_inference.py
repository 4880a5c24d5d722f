import numpy as np
import pytest
from scipy import stats

from volcast.reports.scoring.inference import (
    collapse_by_date,
    diebold_mariano,
    long_run_covariance,
    mincer_zarnowitz,
    newey_west_lags,
)


def naive_newey_west(moments, lags):
    """The double loop of Newey and West (1987), equation 5, on one series."""
    n = len(moments)
    total = 0.0
    for t in range(n):
        for s in range(n):
            lag = abs(t - s)
            if lag <= lags:
                total += (1 - lag / (lags + 1)) * moments[t] * moments[s]
    return total / n


def test_the_long_run_variance_of_four_moments_is_the_one_worked_by_hand():
    # gamma0 = (1 + 1 + 4 + 4) / 4 = 2.5, gamma1 = (1*-1 + -1*2 + 2*-2) / 4 = -1.75, weight 1/2
    assert long_run_covariance([1.0, -1.0, 2.0, -2.0], 1)[0, 0] == pytest.approx(2.5 - 1.75)


def test_the_long_run_variance_equals_a_naive_double_loop():
    moments = np.random.default_rng(0).standard_normal(60)
    assert long_run_covariance(moments, 7)[0, 0] == pytest.approx(naive_newey_west(moments, 7))


def test_lags_grow_with_the_horizon_and_stay_below_the_number_of_dates():
    assert newey_west_lags(100, 1) == 13
    assert newey_west_lags(1000, 22) == 63
    assert newey_west_lags(10, 22) == 9
    assert all(newey_west_lags(500, h) >= h - 1 for h in (1, 5, 22))


def test_dates_are_summed_in_ascending_order():
    sums, rows = collapse_by_date([1.0, 2.0, 4.0], [20, 10, 20])
    assert sums.tolist() == [2.0, 5.0]
    assert rows.tolist() == [1.0, 2.0]


def test_without_lags_diebold_mariano_is_the_t_test(monkeypatch):
    monkeypatch.setattr(
        "volcast.reports.scoring.inference.newey_west_lags", lambda dates, horizon: 0
    )
    difference = np.random.default_rng(1).standard_normal(80) - 0.1
    ours = diebold_mariano(difference, np.arange(80), 1)
    assert ours.statistic == pytest.approx(stats.ttest_1samp(difference, 0.0).statistic)


def test_the_p_value_is_read_from_students_t_with_few_degrees_of_freedom():
    difference = np.random.default_rng(1).standard_normal(100) - 0.1
    test = diebold_mariano(difference, np.arange(100), 1)
    assert test.p_value == pytest.approx(2 * stats.t.sf(abs(test.statistic), 1.5 * 100 / 14))


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


@pytest.mark.parametrize("horizon", [1, 5])
def test_under_the_null_diebold_mariano_rejects_about_as_often_as_it_says(horizon):
    rng = np.random.default_rng(4)
    rejected = 0
    for _ in range(400):
        shocks = rng.standard_normal(400 + horizon - 1)
        overlapping = np.convolve(shocks, np.ones(horizon) / horizon, mode="valid")
        rejected += diebold_mariano(overlapping, np.arange(400), horizon).p_value < 0.05
    assert 0.02 <= rejected / 400 <= 0.10


def test_mincer_zarnowitz_finds_the_line_through_three_points():
    # forecasts 1, 2, 3 and outcomes 2, 3, 7: slope 5/2, intercept 4 - 5 = -1, R2 = 12.5/14
    line = mincer_zarnowitz([2.0, 3.0, 7.0], [1.0, 2.0, 3.0], [1, 2, 3], 1)
    assert line.slope == pytest.approx(2.5)
    assert line.intercept == pytest.approx(-1.0)
    assert line.r2 == pytest.approx(12.5 / 14)
    assert np.isnan(line.p_value)


def test_mincer_zarnowitz_errors_equal_those_of_statsmodels():
    from statsmodels.api import OLS, add_constant

    rng = np.random.default_rng(5)
    forecast = 1e-4 * np.exp(rng.standard_normal(300))
    realized = forecast * np.exp(0.3 * rng.standard_normal(300))
    ours = mincer_zarnowitz(realized, forecast, np.arange(300), 5)
    lags = newey_west_lags(300, 5)
    theirs = OLS(realized * 1e4, add_constant(forecast * 1e4)).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags}
    )
    assert ours.intercept == pytest.approx(theirs.params[0] * 1e-4)
    assert ours.slope_error == pytest.approx(theirs.bse[1])
    assert ours.intercept_error == pytest.approx(theirs.bse[0] * 1e-4)
    assert ours.r2 == pytest.approx(theirs.rsquared)


def test_mincer_zarnowitz_accepts_an_honest_forecast_and_rejects_a_doubled_one():
    rng = np.random.default_rng(6)
    forecast = np.exp(rng.standard_normal(500))
    realized = forecast * rng.chisquare(5, 500) / 5
    assert mincer_zarnowitz(realized, forecast, np.arange(500), 1).p_value > 0.01
    assert mincer_zarnowitz(realized, 2 * forecast, np.arange(500), 1).p_value < 0.001


def test_a_constant_forecast_has_no_line():
    line = mincer_zarnowitz([1.0, 2.0, 3.0], [2.0, 2.0, 2.0], [1, 2, 3], 1)
    assert np.isnan(line.slope)
