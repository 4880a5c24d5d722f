"""Logistic regression against Newton's method and scikit-learn."""

import numpy as np

from volcast.models.lab import (
    logistic_regression,
)


def test_one_neuron_finds_the_weights_of_newton_and_of_scikit_learn(tables):
    from sklearn.linear_model import LogisticRegression

    weights = tables["logistic"]["weights"]
    np.testing.assert_allclose(weights["descent"], weights["newton"], atol=1e-6)
    inputs, truth = logistic_regression.draw_rows()
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(inputs, truth[:, 0])
    expected = [*theirs.coef_[0], theirs.intercept_[0]]
    np.testing.assert_allclose(weights["newton"], expected, atol=1e-5)
