from math import log

import numpy as np
import pytest

from tests.features.samples import bars_from_lists, random_bars
from volcast.features.bars import Bars
from volcast.features.measure import VARIANCE_FLOOR
from volcast.features.variance import PROXIES, yang_zhang

TWO_DAYS = {"open": [100, 102], "high": [101, 105], "low": [99, 101], "close": [100, 104]}
GAP, UP, DOWN, CHANGE = log(102 / 100), log(105 / 102), log(101 / 102), log(104 / 102)
PARKINSON = (UP - DOWN) ** 2 / (4 * log(2))
GARMAN_KLASS = 0.5 * (UP - DOWN) ** 2 - (2 * log(2) - 1) * CHANGE**2
ROGERS_SATCHELL = UP * (UP - CHANGE) + DOWN * (DOWN - CHANGE)
BY_HAND = {
    "close_to_close": log(104 / 100) ** 2,
    "parkinson": PARKINSON,
    "garman_klass": GARMAN_KLASS,
    "rogers_satchell": ROGERS_SATCHELL,
    "overnight_parkinson": GAP**2 + PARKINSON,
    "overnight_garman_klass": GAP**2 + GARMAN_KLASS,
    "overnight_rogers_satchell": GAP**2 + ROGERS_SATCHELL,
    "true_range_parkinson": log(105 / 100) ** 2 / (4 * log(2)),  # low to close before
}


def test_every_proxy_is_worked_by_hand():
    assert set(BY_HAND) == set(PROXIES)


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_equals_the_number_worked_by_hand(name):
    assert PROXIES[name](bars_from_lists(**TWO_DAYS))[1, 0] == pytest.approx(
        BY_HAND[name], rel=1e-12
    )


def test_a_proxy_with_an_overnight_part_has_no_value_on_the_first_session():
    assert np.isnan(PROXIES["overnight_parkinson"](bars_from_lists(**TWO_DAYS))[0, 0])


def test_a_trending_day_has_no_rogers_satchell_variance():
    trend = bars_from_lists(open=[100.0], high=[110.0], low=[100.0], close=[110.0])
    assert PROXIES["rogers_satchell"](trend)[0, 0] == 0.0


def test_a_dividend_is_no_overnight_move():
    bars = bars_from_lists(
        open=[100, 98], high=[100, 98], low=[100, 98], close=[100, 98], adj_close=[98.0, 98.0]
    )
    assert bars.overnight_return[1, 0] == pytest.approx(0.0, abs=1e-15)
    assert np.isnan(bars.variance[1, 0])


def test_yang_zhang_equals_its_three_parts():
    bars, n = random_bars(rows=22, seed=5), 2
    k = 0.34 / (1.34 + 23 / 21)
    parts = (
        np.nanvar(bars.overnight_return[:, n], ddof=1),
        k * np.nanvar(bars.log_close_open[:, n], ddof=1),
        (1 - k) * np.nanmean(PROXIES["rogers_satchell"](bars)[:, n]),
    )
    assert yang_zhang(bars, 22)[-1, n] == pytest.approx(sum(parts), rel=1e-10)


def test_range_proxies_find_the_variance_of_a_random_walk():
    rng = np.random.default_rng(0)
    steps = rng.normal(0.0, 0.01 / np.sqrt(2000), (1000, 2000)).cumsum(axis=1)
    path = 50.0 * np.exp(np.c_[np.zeros(1000), steps])
    bars = bars_from_lists(
        open=path[:, 0], high=path.max(axis=1), low=path.min(axis=1), close=path[:, -1]
    )
    for name in ("parkinson", "garman_klass", "rogers_satchell"):
        # A path in 2,000 steps misses the very ends of its range, some 4 % of the variance.
        assert PROXIES[name](bars).mean() == pytest.approx(1e-4, rel=0.1)


def test_variance_not_above_the_floor_is_missing(bars: Bars):
    assert (bars.variance[np.isfinite(bars.variance)] > VARIANCE_FLOOR).all()
    assert np.isnan(bars.variance[len(bars.sessions) // 3, -1])


def test_a_ticker_with_realised_variance_uses_it_throughout(bars: Bars):
    valid = bars.realized[:, -1] > VARIANCE_FLOOR
    np.testing.assert_array_equal(bars.variance[valid, -1], bars.realized[valid, -1])
    assert np.isnan(bars.variance[~valid, -1]).all()
