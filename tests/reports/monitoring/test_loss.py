import numpy as np
import pytest

from tests.reports.monitoring.observations import alarms
from volcast.reports.monitoring.loss import SLACK, LossCusum


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
