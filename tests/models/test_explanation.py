"""Shares of features in the change of a prediction."""

import itertools

import numpy as np
import pytest

from tests.models.samples import make_sample
from volcast.models.explanation import attribute_change, select_input_rows

WEIGHTS = np.array([1.0, -2.0, 0.5, 3.0])


def curved(x):
    """Two outputs, the second with interactions of all features."""
    linear = x @ WEIGHTS
    return np.stack([linear, np.exp(0.3 * linear) + x[:, 0] * x[:, 1] * x[:, 2]], axis=1)


def naive_shapley(predict, usual, newest):
    """The mean over all orders of the steps at which each feature changes."""
    count = len(usual)
    shares = np.zeros((count, predict(usual[None]).shape[1]))
    orders = list(itertools.permutations(range(count)))
    for order in orders:
        row = usual.copy()
        for feature in order:
            before = predict(row[None])[0]
            row[feature] = newest[feature]
            shares[feature] += predict(row[None])[0] - before
    return shares / len(orders)


USUAL, NEWEST = np.zeros(4, np.float32), np.array([1.0, 0.5, -1.0, 0.25], np.float32)


@pytest.mark.parametrize("permutations", [2, 32])
def test_shares_sum_to_the_change_for_any_number_of_orders(permutations):
    shares = attribute_change(curved, USUAL, NEWEST, permutations=permutations)
    change = curved(NEWEST[None]) - curved(USUAL[None])
    np.testing.assert_allclose(shares.sum(axis=0), change[0], rtol=1e-12)


def test_shares_of_a_linear_function_are_its_terms():
    shares = attribute_change(curved, USUAL, NEWEST)
    np.testing.assert_allclose(shares[:, 0], WEIGHTS * NEWEST, rtol=1e-12)


def test_many_orders_approach_the_naive_shapley_values():
    shares = attribute_change(curved, USUAL, NEWEST, permutations=2000)
    np.testing.assert_allclose(shares, naive_shapley(curved, USUAL, NEWEST), atol=0.01)


def test_equal_or_unknown_features_have_no_share():
    usual, newest = USUAL.copy(), NEWEST.copy()
    newest[0], usual[3], newest[3] = usual[0], np.nan, np.nan
    shares = attribute_change(lambda x: curved(np.nan_to_num(x)), usual, newest)
    assert (shares[[0, 3]] == 0).all() and (shares[[1, 2]] != 0).all()


def test_an_odd_number_of_orders_is_refused():
    with pytest.raises(ValueError, match="even number above 0, not 3"):
        attribute_change(curved, USUAL, NEWEST, permutations=3)


def test_the_usual_row_is_the_mean_of_a_year():
    sample = make_sample()
    tickers = [f"T{n}" for n in range(sample.x.shape[1])]
    inputs = select_input_rows(sample, tickers, {"T1": 400, "T0": 30})
    assert inputs.tickers == ("T1", "T0")
    np.testing.assert_array_equal(inputs.newest[0], sample.x[400, 1])
    for row, (ticker, rows) in enumerate(((1, slice(151, 401)), (0, slice(0, 31)))):
        own = sample.x[rows, ticker].astype(np.float64)
        known = np.isfinite(own).any(axis=0)
        by_hand = np.array([column[np.isfinite(column)].mean() for column in own.T[known]])
        np.testing.assert_allclose(inputs.usual[row][known], by_hand, rtol=1e-5)
        assert np.isnan(inputs.usual[row][~known]).all()
