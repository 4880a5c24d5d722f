import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.reports.monitoring.observations import alarms
from volcast.reports.monitoring.forecasts import clip_rate, coverage


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


def test_more_clips_than_in_the_backtest_raise_an_alert():
    origins = pd.bdate_range("2018-01-01", periods=63).repeat(2)
    few = pd.DataFrame({"origin": origins, "clipped": np.arange(126) < 2})
    many = few.assign(clipped=np.arange(126) < 30)
    assert clip_rate(few, 0.005).value == pytest.approx(1 / 63)
    assert alarms([clip_rate(few, 0.005)]) == set()
    assert alarms([clip_rate(many, 0.005)]) == {("clip rate", "forecasts")}
    assert alarms([clip_rate(many, 0.3)]) == set()
    assert np.isnan(clip_rate(few.iloc[:0], 0.0).value)
