"""Level and weight of a pretrained forecast."""

import numpy as np
import pytest

from volcast.models.pretrained.combination import (
    EVIDENCE,
    GRID,
    HISTORY,
    LEVEL_BLOCK,
    LEVEL_DOUBT,
    OTHER_KIND,
    WEIGHT_SPREAD,
    Combination,
    expect_weight,
    fit_level,
    fit_weight,
    measure_history,
)

RNG = np.random.default_rng(1)
NOISE = 0.4 * RNG.normal(size=(660, 1, 1))
NOISE -= np.log(np.exp(NOISE).mean())  # an unbiased level


def test_a_level_error_of_another_kind_of_target_is_corrected_almost_in_full():
    level = fit_level(NOISE - 0.5)
    expected = np.log(np.exp(NOISE - 0.5).mean())
    assert level.shape == (1, 1)
    assert abs(level[0, 0] / expected - 1.0) < 0.02


def test_the_shrinkage_is_that_of_the_formula():
    errors = NOISE[:, 0, 0] - 0.06
    ratio = np.exp(errors)
    blocks = [np.log(ratio[k * LEVEL_BLOCK : (k + 1) * LEVEL_BLOCK].mean()) for k in range(10)]
    raw = np.log(ratio.mean())
    share = max(0.0, 1.0 - LEVEL_DOUBT * np.var(blocks, ddof=1) / 10 / raw**2)
    np.testing.assert_allclose(fit_level(errors[:, None, None]), raw * share, rtol=1e-9)


def test_one_volatile_quarter_does_not_move_the_level():
    errors = NOISE.copy()
    errors[300:366] += 1.0
    assert abs(np.log(np.exp(errors).mean())) > 0.1
    assert fit_level(errors)[0, 0] == 0.0


def test_few_or_unknown_errors_leave_the_level_as_it_is():
    errors = np.full((660, 2, 1), np.nan)
    errors[: 4 * LEVEL_BLOCK - 1, 0] = -1.0
    assert fit_level(errors).tolist() == [[0.0], [0.0]]


def test_one_absurd_outcome_does_not_move_the_level():
    errors = NOISE - 0.5
    errors[100] = 50.0
    assert abs(fit_level(errors)[0, 0] - fit_level(NOISE - 0.5)[0, 0]) < 0.05


def test_without_outcomes_the_weight_is_that_of_the_prior():
    nothing = np.full((5, 1, 1), np.nan)
    found = fit_weight(nothing, nothing, nothing, (1,), expected=np.array([0.6]))
    prior = np.exp(-0.5 * ((GRID - 0.6) / WEIGHT_SPREAD) ** 2)
    np.testing.assert_allclose(found, [(GRID * prior).sum() / prior.sum()])


def test_the_weight_expected_falls_with_the_history_and_with_the_level():
    unbiased = np.zeros((2, 1))
    weights = [expect_weight(history, unbiased)[0] for history in (100.0, HISTORY, 1e5)]
    assert weights[0] > 0.99 and weights[1] == 0.5 and weights[2] < 0.01
    level = np.array([[0.1], [0.3]])
    expected = 0.5 * np.exp(-np.mean([0.1**2, 0.3**2]) / OTHER_KIND**2)
    np.testing.assert_allclose(expect_weight(HISTORY, level), [expected])


def test_the_weight_is_the_posterior_mean_of_a_naive_loop():
    local, pretrained = 0.2 * RNG.normal(size=(2, 150, 2, 1))
    target = 0.7 * pretrained + 0.3 * local + 0.5 * RNG.normal(size=(150, 2, 1))
    local[3, 1] = np.nan
    losses, outcomes = np.zeros(len(GRID)), 0.0
    for t in range(150):
        known = [n for n in range(2) if np.isfinite(local[t, n, 0])]
        outcomes += len(known) / (1.0 + 0.2 * (len(known) - 1))
        for n in known:
            forecast = (1 - GRID) * local[t, n, 0] + GRID * pretrained[t, n, 0]
            ratio = np.exp(target[t, n, 0] - forecast)
            losses += ratio - np.log(ratio) - 1.0
    losses /= 299
    log_posterior = -0.5 * ((GRID - 0.9) / WEIGHT_SPREAD) ** 2 - EVIDENCE * outcomes / 5 * losses
    posterior = np.exp(log_posterior)
    expected = (posterior * GRID).sum() / posterior.sum()
    found = fit_weight(local, pretrained, target, (5,), expected=np.array([0.9]))
    np.testing.assert_allclose(found, [expected], rtol=1e-9)


def test_a_pretrained_forecast_that_is_far_off_loses_its_weight():
    target = 0.3 * RNG.normal(size=(300, 1, 1))
    good, bad = np.zeros_like(target), np.full_like(target, 1.0)
    prior = np.array([0.5])
    assert fit_weight(good, bad, target, (1,), expected=prior)[0] < 0.1
    assert fit_weight(bad, good, target, (1,), expected=prior)[0] > 0.9


def test_history_counts_sessions_and_the_root_of_the_tickers():
    trained = np.zeros((1000, 3), dtype=bool)
    trained[:900, 0] = trained[:700, 1] = True
    assert measure_history(trained) == pytest.approx(800 * np.sqrt(2))


def test_where_one_forecast_is_missing_the_other_is_taken():
    combination = Combination(weight=np.array([0.25]), level=np.array([[0.1]]))
    local, pretrained = np.array([1.0, np.nan, 3.0, np.nan]), np.array([2.0, 5.0, np.nan, np.nan])
    found = combination.combine(local.reshape(4, 1, 1), pretrained.reshape(4, 1, 1)).ravel()
    np.testing.assert_allclose(found, [0.75 * 1.0 + 0.25 * 2.1, 5.1, 3.0, np.nan])


def test_a_combination_survives_json_exactly():
    import json

    combination = Combination(np.array([0.1, 1 / 3]), RNG.normal(size=(3, 2)))
    again = Combination.from_dict(json.loads(json.dumps(combination.to_dict())))
    np.testing.assert_array_equal(again.weight, combination.weight)
    np.testing.assert_array_equal(again.level, combination.level)
