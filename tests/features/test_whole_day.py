"""The variance of the whole day: weights of the paper, from the sessions before alone."""

import numpy as np
import pytest

from volcast.features.whole_day import (
    MIN_SESSIONS_FOR_WEIGHTS,
    hansen_lunde_weights,
    whole_day_variance,
)


def simulate_day_parts(sessions=600, seed=2):
    rng = np.random.default_rng(seed)
    level = 1e-4 * np.exp(rng.normal(0, 0.5, sessions))
    overnight = rng.normal(0, 1, sessions) * np.sqrt(0.3 * level)
    return 0.7 * level * rng.chisquare(78, sessions) / 78, overnight, level


def test_the_plain_sum_adds_the_squared_night():
    result = whole_day_variance(np.array([1e-4, np.nan, 2e-4]), np.array([0.01, 0.01, np.nan]))
    assert result[0] == pytest.approx(2e-4)
    assert np.isnan(result[1:]).all()


def naive_weights(a, b, t):
    """Hansen and Lunde (2005) with numpy's own moments of the rows before t."""
    known = np.isfinite(a[:t]) & np.isfinite(b[:t])
    if known.sum() < MIN_SESSIONS_FOR_WEIGHTS:
        return 1.0, 1.0
    x, y = a[:t][known], b[:t][known]
    (vx, cov), (_, vy) = np.cov(x, y, ddof=0)
    mx, my = x.mean(), y.mean()
    share = (my**2 * vx - mx * my * cov) / (my**2 * vx + mx**2 * vy - 2 * mx * my * cov)
    share = min(max(share, 0.0), 1.0)
    return (1 - share) * (mx + my) / mx, share * (mx + my) / my


def test_the_weights_are_those_of_the_paper_on_the_sessions_before():
    realized, overnight, _ = simulate_day_parts()
    realized[[40, 300]], overnight[[70, 300, 450]] = np.nan, np.nan
    weights = hansen_lunde_weights(overnight**2, realized)
    expected = [naive_weights(overnight**2, realized, t) for t in range(len(realized))]
    np.testing.assert_allclose(weights, expected, rtol=1e-8)
    assert (weights[: MIN_SESSIONS_FOR_WEIGHTS + 2] == 1).all() and (weights[-1] != 1).all()


@pytest.mark.parametrize("t", [100, 300, 599])
def test_no_weight_looks_at_its_own_session_or_a_later_one(t):
    realized, overnight, _ = simulate_day_parts()
    known = hansen_lunde_weights(overnight**2, realized)[: t + 1]
    realized[t:] *= 50
    overnight[t:] = 0.5
    assert (hansen_lunde_weights(overnight**2, realized)[: t + 1] == known).all()
    cut = hansen_lunde_weights(overnight[: t + 1] ** 2, realized[: t + 1])
    assert (cut == known).all()


def test_weighting_keeps_the_mean_and_lessens_the_noise():
    realized, overnight, level = simulate_day_parts(6000)
    plain = whole_day_variance(realized, overnight)[1000:]
    weighted = whole_day_variance(realized, overnight, "hansen_lunde")[1000:]
    assert weighted.mean() == pytest.approx(plain.mean(), rel=0.02)
    assert np.square(weighted - level[1000:]).mean() < 0.5 * np.square(plain - level[1000:]).mean()


def test_no_weight_is_negative_when_nights_follow_the_square_of_the_session():
    rng = np.random.default_rng(4)
    realized = 1e-4 * np.exp(rng.normal(0, 0.5, 600))
    squared_overnight = realized**2 * 1e4
    weights = hansen_lunde_weights(squared_overnight, realized)
    means = squared_overnight[:599].mean(), realized[:599].mean()
    assert weights[599].tolist() == pytest.approx([0.0, sum(means) / means[1]])


def test_without_nights_the_weights_stay_at_one():
    realized, overnight, _ = simulate_day_parts()
    assert (hansen_lunde_weights(0 * overnight, realized) == 1).all()


def test_an_unknown_weighting_is_named():
    with pytest.raises(ValueError, match="sum or hansen_lunde; got 'best'"):
        whole_day_variance(np.ones(2), np.ones(2), "best")
