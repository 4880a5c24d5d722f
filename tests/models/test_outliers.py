"""Outlying sessions: what is bounded, what stays, and what of a wrong bar reaches the models."""

from dataclasses import replace

import numpy as np
import pytest

from tests.models.samples import LAST_KNOWN, SPLIT, make_sample
from volcast.models.baselines.har import HARX, LogHAR, PooledHAR
from volcast.models.forecaster import Sample
from volcast.models.insanity_filter import Bounds
from volcast.models.outliers import (
    FALL,
    NORMAL,
    WHOLE,
    bound_variance,
    compute_tail_factor,
)

SAMPLE = make_sample()
WRONG, LATER = 250, slice(420, 490)  # a session; origins whose features do not contain it


def make_variance(count: int = 400, seed: int = 0) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).uniform(-10.0, -8.0, size=(count, 1)))


def plant(sample: Sample, log_factor: float, session: int = WRONG) -> Sample:
    """Return a sample with a wrong variance of the first ticker, and with it all means over it."""
    variance, target, x = sample.variance.copy(), sample.target.copy(), sample.x.copy()
    variance[session, 0] *= np.exp(log_factor)
    added = variance[session, 0] - sample.variance[session, 0]
    for place, horizon in enumerate(sample.horizons):
        target[session - horizon : session, 0, place] += added / horizon
    for column, window in enumerate((1, 5, 22)):
        rows = slice(session, session + window)
        x[rows, 0, column] = np.log(np.exp(x[rows, 0, column]) + added / window)
    return replace(sample, variance=variance, target=target, x=x)


@pytest.mark.parametrize(
    ("spreads", "kept"), [(3.5, 3.5), (4.5, 3.0), (5.0, 2.0), (5.9, 0.2), (6.5, 0.0)]
)
def test_beyond_four_spreads_a_deviation_counts_less_and_beyond_six_not_at_all(spreads, kept):
    variance = make_variance()
    log_variance = np.log(variance[:, 0])
    log_variance[200] = 0.0  # above the median, so that its size does not change the median
    level = naive_levels(log_variance)
    spread = NORMAL * np.median(np.abs(log_variance - level))
    variance[200] = np.exp(level[200] + spreads * spread)
    bounded, ignored = bound_variance(variance)
    assert (np.log(bounded[200, 0]) - level[200]) / spread == pytest.approx(kept, abs=0.02)
    assert ignored[200, 0] == (spreads > WHOLE + FALL)
    others = np.arange(400) != 200
    np.testing.assert_array_equal(bounded[others], variance[others])


def naive_levels(log_variance: np.ndarray) -> np.ndarray:
    """Return the median of 23 sessions around each, fewer at the ends."""
    rows = range(len(log_variance))
    return np.array([np.median(log_variance[max(0, t - 11) : t + 12]) for t in rows])


def test_a_crash_that_lasts_is_no_outlier():
    variance = make_variance()
    variance[200:] *= np.exp(5.0)  # as large as the wrong bars, but so are the sessions after it
    np.testing.assert_array_equal(bound_variance(variance)[0], variance)


def test_a_ticker_keeps_extremes_that_are_no_larger_than_its_third():
    variance = make_variance()
    extreme = [50, 120, 190, 260]
    variance[extreme, 0] = 1.0
    variance[extreme, 0] = np.exp(5.0 + naive_levels(np.log(variance[:, 0]))[extreme])
    np.testing.assert_allclose(bound_variance(variance)[0], variance)
    variance[260] = 1.0
    bounded, ignored = bound_variance(variance)
    assert ignored.sum() == 1 and bounded[260, 0] < np.exp(-8.0)


def test_the_tail_factor_restores_what_many_sessions_lose_and_not_what_one_does():
    variance = np.hstack([make_variance(630, seed) for seed in range(30)])
    many, one = variance.copy(), variance.copy()
    tickers = np.arange(30)
    for first in (20, 335):
        many[first + 63 * (tickers % 5), tickers] = np.exp(-3.0)
    one[330, 0] = 1.0
    bounded, _ = bound_variance(many)
    assert bounded.mean() < 0.7 * many.mean()
    factor = compute_tail_factor(many, bounded)
    assert factor * bounded.mean() == pytest.approx(many.mean(), rel=0.1)
    assert compute_tail_factor(one, bound_variance(one)[0]) == 1.0
    pooled = np.arange(30) < 10
    few = compute_tail_factor(many[:, pooled], bounded[:, pooled])
    assert compute_tail_factor(many, bounded, pooled) == few != factor


@pytest.mark.parametrize("model", [LogHAR, PooledHAR, HARX])
@pytest.mark.parametrize("log_factor", [7.0, 9.0])
def test_a_wrong_session_moves_later_forecasts_by_less_than_two_percent(model, log_factor):
    clean = model().fit(SAMPLE.until(LAST_KNOWN), SPLIT).forecast(SAMPLE, LATER)
    spoilt = plant(SAMPLE, log_factor)
    moved = model().fit(spoilt.until(LAST_KNOWN), SPLIT).forecast(SAMPLE, LATER)
    change = np.abs(moved / clean - 1.0)
    assert np.nanmax(change) < 0.02
    assert np.isfinite(moved).sum() == np.isfinite(clean).sum()


def test_a_wrong_session_does_not_widen_the_range_of_the_insanity_filter():
    clean = Bounds.fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    spoilt = Bounds.fit(plant(SAMPLE, 9.0).until(LAST_KNOWN), SPLIT)
    np.testing.assert_allclose(spoilt.high, clean.high, rtol=0.05)


def test_features_are_unknown_in_the_month_after_a_session_that_is_ignored():
    sample = plant(SAMPLE, 9.0)
    rows = np.zeros(sample.variance.shape, dtype=bool)
    rows[WRONG - 1 : WRONG + 23, 0] = True
    x, _ = sample.select_fit_data(rows)
    assert np.isnan(x[1:23, 3]).all()
    np.testing.assert_array_equal(x[[0, 23], 3], SAMPLE.x[[WRONG - 1, WRONG + 22], 0, 3])
    np.testing.assert_allclose(x[:, 1:3], SAMPLE.x[WRONG - 1 : WRONG + 23, 0, 1:3], atol=0.5)


def test_a_sample_without_outliers_is_fitted_as_it_is():
    rows = SAMPLE.usable() & np.isfinite(SAMPLE.target).all(axis=2)
    x, target = SAMPLE.select_fit_data(rows)
    np.testing.assert_array_equal(x, SAMPLE.x[rows])
    np.testing.assert_array_equal(target, SAMPLE.target[rows])
