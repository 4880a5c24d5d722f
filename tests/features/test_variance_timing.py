"""A measured variance with tomorrow in it is told from an honest one."""

import numpy as np
import pandas as pd
import pytest

from volcast.features.variance_timing import measure_variance_timing

STEPS = 78  # of five minutes


def make_measures(sessions, seed=0):
    """Return realised variance and Parkinson's of sessions whose log variance is persistent."""
    rng = np.random.default_rng(seed)
    log_variance = np.full(sessions, np.log(1e-4))
    for t in range(1, sessions):
        log_variance[t] += 0.97 * (log_variance[t - 1] - log_variance[0]) + rng.normal(0, 0.2)
    log_variance += rng.normal(0, 0.3, sessions)
    steps = rng.normal(size=(sessions, STEPS)) * np.exp(log_variance / 2)[:, None] / STEPS**0.5
    path = np.hstack([np.zeros((sessions, 1)), steps.cumsum(axis=1)])
    return (steps**2).sum(axis=1), np.ptp(path, axis=1) ** 2 / (4 * np.log(2))


HONEST = {
    "as measured": lambda v: v,
    "mean of the last three": lambda v: v.rolling(3).mean(),
    "exponentially smoothed": lambda v: v.ewm(alpha=0.3).mean(),
    "with gaps": lambda v: v.where(np.arange(len(v)) % 7 > 0),
}
LEAKING = {
    "two-sided mean": lambda v: v.rolling(3, center=True).mean(),
    "two-sided weights": lambda v: (v.shift(1) + 2 * v + v.shift(-1)) / 4,
    "mean with tomorrow": lambda v: (v + v.shift(-1)) / 2,
    "tomorrow": lambda v: v.shift(-1),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("form", HONEST)
def test_an_honest_measure_is_not_suspicious(form, seed):
    realized, ranges = make_measures(1000, seed)
    timing = measure_variance_timing(HONEST[form](pd.Series(realized)).to_numpy(), ranges)
    assert not timing.is_suspicious and timing.sessions > 500
    assert timing.same_session > 0.2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("form", LEAKING)
def test_a_measure_with_tomorrow_in_it_is_suspicious(form, seed):
    realized, ranges = make_measures(1000, seed)
    timing = measure_variance_timing(LEAKING[form](pd.Series(realized)).to_numpy(), ranges)
    assert timing.is_suspicious


def test_too_few_sessions_say_nothing():
    realized, ranges = make_measures(90)
    timing = measure_variance_timing(realized, ranges)
    assert timing.sessions == 0 and not timing.is_suspicious


def test_a_constant_measure_says_nothing():
    _, ranges = make_measures(400)
    assert measure_variance_timing(np.full(400, 1e-4), ranges).sessions == 0
