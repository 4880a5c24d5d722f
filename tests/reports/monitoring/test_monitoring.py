"""Monitoring: each statistic by hand or against a naive one, and what does and does not alarm."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from volcast.reports.monitoring.forecasts import clip_rate, coverage
from volcast.reports.monitoring.freshness import freshness
from volcast.reports.monitoring.inputs import (
    input_drift,
    input_observations,
    kolmogorov_smirnov,
    population_stability,
)
from volcast.reports.monitoring.loss import SLACK, LossCusum


def alarms(observations):
    return {(o.name, o.subject) for o in observations if o.value > o.limit}


def features(days, *, start="2010-01-04", tickers=2, seed=0, shift=0.0, gone=False):
    """Return a feature as persistent as a log variance, one that is white, one by weekday."""
    rng = np.random.default_rng(seed)
    origins = pd.bdate_range(start, periods=days)
    slow = np.zeros(days)
    for t in range(1, days):
        slow[t] = 0.95 * slow[t - 1] + 0.3 * rng.standard_normal()
    white = np.full(days, np.nan) if gone else rng.standard_normal(days)
    columns = {"slow": slow + shift, "white": white, "weekday": origins.day_of_week + 0.0}
    frame = pd.DataFrame({"origin": origins, **columns})
    return pd.concat([frame] * tickers, ignore_index=True)


NAMES = ["slow", "white", "weekday"]


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
        drift = input_drift(training, features(63, start="2016-01-04", seed=seed), NAMES)
        broken += int((drift["psi"] > 0.25).sum())
        found += len(alarms(input_observations(drift)))
    assert broken >= 10
    assert found <= 1


def test_a_shifted_feature_is_found_and_the_others_are_not():
    recent = features(63, start="2016-01-04", seed=1, shift=4.0)
    drift = input_drift(features(1_500), recent, NAMES)
    assert alarms(input_observations(drift)) == {("input drift", "slow")}


def test_the_distance_of_distributions_finds_a_shift_of_white_noise():
    recent = features(63, start="2016-01-04", seed=1)
    moved = input_drift(features(1_500), recent.assign(white=recent["white"] + 1), NAMES)
    assert (moved["ks"] > moved["ks_limit"]).tolist() == [False, True, False]


def test_a_feature_that_ceases_is_found():
    drift = input_drift(features(1_500), features(63, start="2016-01-04", gone=True), NAMES)
    assert alarms(input_observations(drift)) == {("input drift", "white")}


def test_copies_of_a_ticker_do_not_make_drift_surer():
    recent = [features(63, start="2016-01-04", seed=3, tickers=n) for n in (1, 40)]
    one, many = (
        input_drift(features(1_500, tickers=n), rows, ["slow"])
        for n, rows in zip((1, 40), recent, strict=True)
    )
    pd.testing.assert_frame_equal(one, many)


def test_a_training_part_too_short_for_four_windows_gives_no_limit_and_no_alert():
    drift = input_drift(features(200), features(63, shift=9.0), NAMES)
    assert drift["psi_limit"].isna().all()
    assert input_observations(drift) == []


def test_drift_without_recent_rows_is_refused():
    with pytest.raises(ValueError, match="recent holds no rows"):
        input_drift(features(300), features(300).iloc[:0], NAMES)


def usual(count, seed):
    return -0.05 + 0.3 * np.random.default_rng(seed).standard_t(3, count)


def test_the_sum_equals_the_recursion_of_page():
    cusum, found, level = LossCusum(usual(500, 0)), usual(100, 1), 0.0
    expected = []
    for x in found:
        z = (min(max(x, cusum.low), cusum.high) - cusum.mean) / cusum.deviation
        level = max(0.0, level + z - SLACK)
        expected.append(level)
    assert cusum.path(found) == pytest.approx(expected)


def test_a_year_of_unchanged_losses_alarms_in_about_one_of_twenty():
    years = usual(400 * 250, 99).reshape(400, 250)
    for sessions in (500, 2_000):
        found = [LossCusum(usual(sessions, seed)) for seed in range(40)]
        shares = [np.mean(cusum.path(years).max(axis=1) > cusum.limit) for cusum in found]
        assert 0.02 <= np.mean(shares) <= 0.085


def test_correlated_losses_have_a_higher_limit():
    smooth = np.convolve(usual(2_021, 0), np.ones(22) / 22, "valid")
    assert LossCusum(smooth, horizon=22).limit > 2 * LossCusum(usual(2_000, 0)).limit


def test_a_lasting_rise_of_the_loss_is_found_and_a_single_storm_is_not():
    cusum = LossCusum(usual(1_000, 0))
    calm = np.full(50, -0.05)
    storm, risen = calm.copy(), calm + 0.3
    storm[-1] = 50.0
    assert alarms([cusum.observation(storm, "network 3")]) == set()
    assert alarms([cusum.observation(risen, "network 3")]) == {("loss drift", "network 3")}
    assert "for 50 sessions" in cusum.observation(risen, "network 3").words


def test_the_sum_without_sessions_is_zero():
    assert LossCusum(usual(100, 0)).observation([], "network 3").value == 0.0


@pytest.mark.parametrize(
    ("reference", "message"), [(usual(49, 0), "at least 50"), (np.zeros(100), "not all be equal")]
)
def test_a_reference_that_teaches_nothing_is_refused(reference, message):
    with pytest.raises(ValueError, match=message):
        LossCusum(reference)


def intervals(inside, tickers=2):
    """Return rows of which the dates in `inside` lie in their intervals."""
    origins = pd.bdate_range("2017-01-02", periods=len(inside)).repeat(tickers)
    realized = np.where(np.repeat(inside, tickers), 1.0, 3.0)
    return pd.DataFrame({"origin": origins, "lower": 0.0, "upper": 2.0, "realized": realized})


def test_the_limit_of_coverage_is_the_binomials_for_misses_spread_evenly():
    inside = np.arange(250) % 6 > 0
    found = coverage(intervals(inside), level=0.9, horizon=1)
    assert found.value == pytest.approx(0.9 - inside.mean())
    low = stats.binom.ppf(0.0005, 250, 0.9) / 250
    assert found.limit == pytest.approx(0.9 - low)
    assert alarms([coverage(intervals(np.arange(250) % 5 > 0), level=0.9, horizon=1)])


def test_overlap_makes_coverage_less_sure():
    rows = intervals(np.arange(250) % 6 > 0)
    limits = [coverage(rows, level=0.9, horizon=h).limit for h in (1, 5)]
    assert limits[1] > 2 * limits[0]


def test_misses_in_one_cluster_are_less_sure_than_misses_spread_evenly():
    even, cluster = np.arange(250) % 6 > 0, np.arange(250) >= 42
    limits = [coverage(intervals(x), level=0.9, horizon=1).limit for x in (even, cluster)]
    assert limits[1] > 1.5 * limits[0]


def test_intervals_that_hold_everything_are_too_wide():
    found = coverage(intervals(np.ones(250, dtype=bool)), level=0.8, horizon=1)
    assert found.value > found.limit


def test_rows_without_outcome_do_not_count_and_few_outcomes_say_nothing():
    rows = intervals(np.arange(250) % 6 > 0)
    more = pd.concat([rows, rows.assign(realized=np.nan)])
    assert coverage(more, level=0.9, horizon=1) == coverage(rows, level=0.9, horizon=1)
    assert np.isnan(coverage(rows, level=0.9, horizon=22).value)
    assert np.isnan(coverage(rows.iloc[:0], level=0.9, horizon=1).value)


def test_more_clips_than_in_the_backtest_are_told():
    origins = pd.bdate_range("2018-01-01", periods=63).repeat(2)
    few = pd.DataFrame({"origin": origins, "clipped": np.arange(126) < 2})
    many = few.assign(clipped=np.arange(126) < 30)
    assert clip_rate(few, 0.005).value == pytest.approx(1 / 63)
    assert alarms([clip_rate(few, 0.005)]) == set()
    assert alarms([clip_rate(many, 0.005)]) == {("clip rate", "forecasts")}
    assert alarms([clip_rate(many, 0.3)]) == set()
    assert np.isnan(clip_rate(few.iloc[:0], 0.0).value)


def test_a_source_that_stands_still_is_told_once_and_a_silent_ticker_by_name():
    assert alarms(freshness({"A": 0, "B": 0})) == set()
    assert alarms(freshness({"A": 2, "B": 2})) == {("stale data", "all tickers")}
    assert alarms(freshness({"A": 0, "B": 3})) == {("missing ticker", "B")}
    assert alarms(freshness({"A": 1, "B": 3})) == {
        ("stale data", "all tickers"), ("missing ticker", "B"),
    }  # fmt: skip
    assert alarms(freshness({"A": 1, "B": 2}, tolerated=2)) == set()
    words = {o.subject: o.words for o in freshness({"A": 0, "B": 1})}
    assert words["B"] == "B lacks the last session"


def test_freshness_without_tickers_is_refused():
    with pytest.raises(ValueError, match="at least one ticker"):
        freshness({})
