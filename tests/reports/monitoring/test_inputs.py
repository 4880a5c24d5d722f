import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.reports.monitoring.observations import alarms
from volcast.reports.monitoring.inputs import (
    input_drift,
    input_observations,
    kolmogorov_smirnov,
    population_stability,
)


def features(days, *, start="2010-01-04", tickers=2, seed=0, shift=0.0, gone=False):
    """Return a feature as persistent as a log variance, one that is white, one by weekday."""
    rng = np.random.default_rng(seed)
    slow = np.zeros(days)
    for t in range(1, days):
        slow[t] = 0.95 * slow[t - 1] + 0.3 * rng.standard_normal()
    white = np.full(days, np.nan) if gone else rng.standard_normal(days)
    weekday = pd.bdate_range(start, periods=days).day_of_week + 0.0
    columns = {"slow": slow + shift, "white": white, "weekday": np.asarray(weekday)}
    return {name: np.tile(values[:, None], tickers) for name, values in columns.items()}


def drift_between(before, last, names=("slow", "white", "weekday")):
    return input_drift(((name, before[name], last[name]) for name in names), len(names))


def test_the_index_of_two_bins_is_the_one_worked_by_hand():
    # shares 30.5 / 101 and 70.5 / 101 against 50.5 / 101 twice
    p, q = np.array([30.5, 70.5]) / 101, np.array([0.5, 0.5])
    expected = (p[0] - q[0]) * np.log(p[0] / q[0]) + (p[1] - q[1]) * np.log(p[1] / q[1])
    found = population_stability(np.array([30, 70]), np.array([50, 50]))
    assert found == pytest.approx(expected)


def test_the_distance_of_distributions_is_that_of_scipy_where_values_are_bins():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, 200), rng.integers(0, 5, 300)
    counts = [np.bincount(values, minlength=6) for values in (a, b)]
    assert kolmogorov_smirnov(*counts) == pytest.approx(stats.ks_2samp(a, b).statistic)


def test_unchanged_features_raise_nothing_though_the_usual_limit_is_broken():
    training = features(1_500)
    broken = found = 0
    for seed in range(1, 21):
        drift = drift_between(training, features(63, start="2016-01-04", seed=seed))
        broken += int((drift["psi"] > 0.25).sum())
        found += len(alarms(input_observations(drift)))
    assert broken >= 10
    assert found <= 1


def test_a_shifted_feature_is_found_and_the_others_are_not():
    recent = features(63, start="2016-01-04", seed=1, shift=4.0)
    drift = drift_between(features(1_500), recent)
    assert alarms(input_observations(drift)) == {("input drift", "slow")}


def test_the_distance_of_distributions_finds_a_shift_of_white_noise():
    recent = features(63, start="2016-01-04", seed=1)
    moved = drift_between(features(1_500), recent | {"white": recent["white"] + 1})
    assert (moved["ks"] > moved["ks_limit"]).tolist() == [False, True, False]


def test_a_feature_that_ceases_is_found():
    drift = drift_between(features(1_500), features(63, start="2016-01-04", gone=True))
    assert alarms(input_observations(drift)) == {("input drift", "white")}


def test_copies_of_a_ticker_do_not_make_drift_surer():
    recent = [features(63, start="2016-01-04", seed=3, tickers=n) for n in (1, 40)]
    one, many = (
        drift_between(features(1_500, tickers=n), rows, ["slow"])
        for n, rows in zip((1, 40), recent, strict=True)
    )
    pd.testing.assert_frame_equal(one, many)


def test_a_training_part_too_short_for_four_windows_gives_no_limit_and_no_alert():
    drift = drift_between(features(200), features(63, shift=9.0))
    assert drift["psi_limit"].isna().all()
    assert input_observations(drift) == []


def test_drift_without_recent_rows_is_refused():
    with pytest.raises(ValueError, match="at least one last session"):
        drift_between(features(300), features(0))
