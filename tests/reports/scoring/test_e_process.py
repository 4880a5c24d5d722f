"""The bettor's wealth: by hand, against a naive loop, and what it must never do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from volcast.reports.scoring.e_process import BET, CLIP, WARM_UP, log_wealth, usual_loss


def naive_log_wealth(gains, horizon):
    """Place one bet after the other, by a bettor who remembers only what has ended."""
    wealth, path = 0.0, []
    for t, gain in enumerate(gains):
        known = gains[: max(t - horizon + 1, 0)]
        if t % horizon == 0 and len(known) >= WARM_UP:
            losses = [g for g in known if g < 0]
            mean_square = sum(g * g for g in known) / len(known)
            scale = ((sum(g * g for g in losses) + mean_square) / (len(losses) + 1)) ** 0.5
            if scale > 0:
                wealth += np.log(1 + BET * min(max(gain / scale, -CLIP), CLIP))
        path.append(wealth)
    return path


@pytest.mark.parametrize("horizon", [1, 5, 22])
def test_the_wealth_equals_that_of_a_naive_bettor(horizon):
    gains = np.random.default_rng(horizon).standard_t(2, 120)
    assert log_wealth(gains, horizon) == pytest.approx(naive_log_wealth(gains, horizon))


def test_a_bet_after_twenty_sessions_of_one_is_worked_by_hand():
    # Ten losses of 1 and one pseudo-loss of 1: the usual loss is 1, and half of it is won.
    gains = [1.0, -1.0] * 10 + [0.5]
    assert log_wealth(gains, 1).tolist() == [0.0] * 20 + [pytest.approx(np.log(1 + BET / 2))]


def test_no_single_day_costs_or_wins_more_than_the_clip():
    usual = [1.0, -1.0] * 10
    assert log_wealth([*usual, -1e9], 1)[-1] == pytest.approx(np.log(1 - BET * CLIP))
    assert log_wealth([*usual, 1e9], 1)[-1] == pytest.approx(np.log(1 + BET * CLIP))


def test_a_rival_that_never_lost_is_measured_by_what_it_won():
    assert usual_loss(np.full(30, 0.2), 1)[WARM_UP:] == pytest.approx(0.2)


def test_models_that_forecast_the_same_leave_the_wealth_alone():
    assert not log_wealth(np.zeros(100), 1).any()


series = arrays(np.float64, st.integers(1, 80), elements=st.floats(-1e3, 1e3, width=32))


@given(series, st.integers(1, 25), st.floats(1e-3, 1e3))
def test_the_unit_of_the_loss_does_not_matter(gains, horizon, unit):
    assert log_wealth(gains * unit, horizon) == pytest.approx(log_wealth(gains, horizon), abs=1e-6)


@given(series, st.integers(1, 25), st.integers(0, 79))
def test_what_comes_later_changes_nothing_before(gains, horizon, cut):
    assert (log_wealth(gains[:cut], horizon) == log_wealth(gains, horizon)[:cut]).all()


@given(series, st.integers(1, 25))
def test_a_bet_knows_only_targets_that_ended_by_its_origin(gains, horizon):
    last = gains.copy()
    last[-horizon:] += 1.0
    assert usual_loss(last, horizon)[-1] == usual_loss(gains, horizon)[-1]


def clustered(rng, shape):
    log_size = np.zeros(shape)
    for t in range(1, shape[1]):
        log_size[:, t] = 0.97 * log_size[:, t - 1] + 0.17 * rng.standard_normal(shape[0])
    return np.exp(log_size) * rng.standard_normal(shape)


def overlapping(rng, shape, horizon):
    shocks = rng.standard_t(3, (shape[0], shape[1] + horizon - 1))
    sums = np.cumsum(np.pad(shocks, ((0, 0), (1, 0))), axis=1)
    return (sums[:, horizon:] - sums[:, :-horizon]) / horizon


NOISE = {
    "normal": (lambda rng, shape: rng.standard_normal(shape), 1),
    "heavy tails": (lambda rng, shape: rng.standard_t(3, shape), 1),
    "volatility clusters": (clustered, 1),
    "a week's overlap": (lambda rng, shape: overlapping(rng, shape, 5), 5),
    "a month's overlap": (lambda rng, shape: overlapping(rng, shape, 22), 22),
}


@pytest.mark.parametrize("kind", NOISE)
def test_equal_models_reach_twenty_in_at_most_five_of_a_hundred_years_of_daily_looks(kind):
    draw, horizon = NOISE[kind]
    histories = draw(np.random.default_rng(0), (1_000, 250))
    reached = np.mean([log_wealth(gains, horizon).max() >= np.log(20) for gains in histories])
    assert reached <= 0.05


def test_a_clearly_better_rival_reaches_twenty_within_a_year():
    histories = 0.3 + np.random.default_rng(0).standard_normal((200, 250))
    assert np.mean([log_wealth(gains, 1).max() >= np.log(20) for gains in histories]) >= 0.9
