"""Conformal intervals, worked by hand and by simulation."""

import numpy as np
import pytest

from volcast.models.conformal import (
    FEWEST_RESIDUALS,
    conformal_interval,
    probability_integral_transform,
)


@pytest.mark.parametrize(
    ("count", "level", "lower", "upper"),
    [(99, 0.9, 5, 95), (199, 0.8, 20, 180), (100, 0.9, 5, 96), (50, 0.99, 1, 50)],
)
def test_the_interval_is_cut_at_the_ranks_of_split_conformal_prediction(count, level, lower, upper):
    residuals = np.random.default_rng(0).permutation(np.arange(1.0, count + 1))
    low, high = conformal_interval(np.array([1.0]), residuals / 100.0, level)
    assert np.log(low) * 100 == pytest.approx(lower)
    assert np.log(high) * 100 == pytest.approx(upper)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_interval_covers_what_it_says(level):
    rng = np.random.default_rng(0)
    residuals, outcome = rng.normal(size=(4000, 99)), rng.normal(size=4000)
    inside = 0
    for past, now in zip(residuals, outcome, strict=True):
        low, high = conformal_interval(np.array([2.0]), past, level)
        inside += low[0] <= 2.0 * np.exp(now) <= high[0]
    assert inside / 4000 == pytest.approx(level, abs=0.02)


def test_too_few_residuals_give_no_interval_and_missing_ones_do_not_count():
    residuals = np.append(np.linspace(-1, 1, FEWEST_RESIDUALS - 1), [np.nan, np.inf])
    low, high = conformal_interval(np.array([1.0, 2.0]), residuals, 0.9)
    assert np.isnan(low).all() and np.isnan(high).all()
    low, high = conformal_interval(np.array([1.0, 2.0]), np.append(residuals, 0.0), 0.9)
    assert (low < [1.0, 2.0]).all() and (high > [1.0, 2.0]).all()


def test_the_place_of_an_outcome_is_the_share_of_past_errors_below_it():
    past = np.append(np.arange(99.0), np.nan)
    found = probability_integral_transform(np.array([-1.0, 49.5, 200.0, np.nan]), past)
    np.testing.assert_allclose(found, [0.005, 0.505, 0.995, np.nan])
    assert np.isnan(
        probability_integral_transform(np.array([1.0]), past[: FEWEST_RESIDUALS - 1])
    ).all()
