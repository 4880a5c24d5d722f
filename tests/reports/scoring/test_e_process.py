"""The bettor's wealth: by hand, against a naive loop, and what it must never do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volcast.reports.scoring.e_process import (
    LARGEST_SURPRISE,
    SIZES,
    SplitGains,
    log_wealth,
    split_gains,
)


def wealth_of(realized, incumbent, rival, horizon=1):
    """Return the wealth on a single ticker."""
    return np.exp(log_wealth(split_gains(realized, incumbent, rival), horizon))


def naive_wealth(realized, incumbent, rival, horizon):
    """Return the wealth on a single ticker, one bettor and one session after the other."""
    path = np.zeros(len(realized))
    for size in SIZES:
        wealth = 1.0
        for t, (y, a, b) in enumerate(zip(realized, incumbent, rival, strict=True)):
            gain = y / a - np.log(y / a) - y / b + np.log(y / b)
            worst_outcome = 0.0 if b > a else 100 * a
            worst = worst_outcome * (1 / b - 1 / a) + np.log(b / a)
            share = 0.495 if b > a else 0.99
            bet = min(size, share / worst) if worst > 0 else size
            if t % horizon == 0:
                wealth *= 1 + min(max(bet * gain, -0.99), 1.0)
            path[t] += wealth / len(SIZES)
    return path


def draw_forecasts(seed, sessions=120):
    rng = np.random.default_rng(seed)
    log_errors = 0.4 * rng.standard_normal((2, sessions))
    return (rng.chisquare(2, sessions) / 2, *np.exp(log_errors))


@pytest.mark.parametrize("horizon", [1, 5, 22])
def test_the_wealth_equals_that_of_naive_bettors(horizon):
    drawn = draw_forecasts(horizon)
    assert wealth_of(*drawn, horizon) == pytest.approx(naive_wealth(*drawn, horizon))


def test_a_small_bet_is_worked_by_hand():
    """The rival forecasts 1.1 times as much and the outcome is 1.2 times the champion's."""
    gain = 1.2 - 1.2 / 1.1 + np.log(1 / 1.1)
    by_hand = np.mean([1 + 0.25 * gain, 1 + 0.5 * gain, 1 + 4 * gain])
    assert wealth_of([1.2], [1.0], [1.1]) == pytest.approx(by_hand)


def test_the_largest_surprise_costs_99_percent_and_a_larger_one_no_more():
    """The rival forecasts 0.8: every bettor would lose more than there is without the limit."""
    for surprise in (LARGEST_SURPRISE, 50 * LARGEST_SURPRISE):
        assert wealth_of([surprise], [1.0], [0.8]) == pytest.approx(0.01)
    assert wealth_of([LARGEST_SURPRISE / 2], [1.0], [0.8]) == pytest.approx(0.505, abs=0.005)


def test_no_session_more_than_doubles_the_wealth():
    assert wealth_of([90.0], [1.0], [2.0]) == pytest.approx(2.0)


def test_models_that_forecast_the_same_leave_the_wealth_alone():
    outcome, forecast, _ = draw_forecasts(0)
    assert wealth_of(outcome, forecast, forecast) == pytest.approx(1.0)


ratios = st.floats(0.05, 20.0)


@given(ratios, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_rival_that_is_equal_on_average_wins_nothing_on_average(rival, low, high):
    """Any two outcomes whose mean is that at which both forecasts lose the same."""
    mean = 1.0 if rival == 1.0 else np.log(rival) / (1 - 1 / rival)
    outcomes = np.array([low * mean, mean + high * (LARGEST_SURPRISE - mean)])
    spread = outcomes[1] - outcomes[0]
    chance = (mean - outcomes[0]) / spread if spread > 0 else 0.0
    wealth = [wealth_of([max(y, 1e-300)], [1.0], [rival])[0] for y in outcomes]
    assert (1 - chance) * wealth[0] + chance * wealth[1] <= 1 + 1e-9


@given(st.integers(0, 50), st.integers(1, 25), st.floats(1e-6, 1e3))
def test_the_unit_of_the_variance_does_not_matter(seed, horizon, unit):
    drawn = draw_forecasts(seed, 40)
    scaled = [unit * each for each in drawn]
    assert wealth_of(*scaled, horizon) == pytest.approx(wealth_of(*drawn, horizon))


@given(st.integers(0, 50), st.integers(1, 25), st.integers(1, 40))
def test_what_comes_later_changes_nothing_before(seed, horizon, cut):
    drawn = draw_forecasts(seed, 40)
    before = wealth_of(*(each[:cut] for each in drawn), horizon)
    assert (before == wealth_of(*drawn, horizon)[:cut]).all()


def test_tickers_with_a_lower_forecast_do_not_stop_the_bets_on_the_others():
    """The mean over tickers is bet on in two parts, each as far as its worst outcome allows."""
    gains = SplitGains(*np.array([[0.1], [0.01], [0.1], [9.9]]))
    rests = 0.99 - 0.1 * np.array(SIZES)
    parts = [1 + 0.1 * size + 0.01 * rest / 9.9 for size, rest in zip(SIZES, rests, strict=True)]
    assert np.exp(log_wealth(gains, 1)) == pytest.approx(np.mean(parts))


def promoted_share(realized, incumbent, rival):
    """Return the share of histories (histories, sessions) whose wealth ever reaches 20."""
    return np.mean(wealth_of(realized, incumbent, rival).max(axis=1) >= 20)


def test_a_lower_rival_that_rare_outcomes_make_equal_is_rarely_promoted():
    """Outcomes of 0.6 on average, at which the rival's forecast is exact, and rarely of 100."""
    rng = np.random.default_rng(0)
    usual = 0.6 * rng.chisquare(2, (400, 1250)) / 2
    mean = np.log(0.6) / (1 - 1 / 0.6)
    surprised = rng.random(usual.shape) < (mean - 0.6) / (100 - 0.6)
    outcome = np.where(surprised, 100.0, usual)
    assert promoted_share(outcome, np.ones_like(outcome), np.full_like(outcome, 0.6)) <= 0.05


def test_equal_models_are_rarely_promoted_in_years_of_daily_looks():
    rng = np.random.default_rng(0)
    outcome = rng.chisquare(2, (400, 1250)) / 2
    errors = np.exp(0.2 * rng.standard_normal((2, *outcome.shape)))
    assert promoted_share(outcome, *errors) <= 0.05


def test_a_clearly_better_rival_reaches_twenty_within_three_years():
    rng = np.random.default_rng(0)
    outcome = rng.chisquare(2, (200, 750)) / 2
    errors = np.exp(0.5 * rng.standard_normal(outcome.shape))
    assert promoted_share(outcome, errors, np.ones_like(outcome)) >= 0.9
