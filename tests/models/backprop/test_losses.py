"""Losses: gradients through the output, and forecasts that are entirely wrong."""

import numpy as np
import pytest

from volcast.models.backprop.activations import SIGMOID, SOFTMAX
from volcast.models.backprop.losses import (
    BINARY_CROSS_ENTROPY,
    CATEGORICAL_CROSS_ENTROPY,
    LOSSES,
)


@pytest.mark.parametrize(
    ("activation", "loss", "truth"),
    [
        (SOFTMAX, CATEGORICAL_CROSS_ENTROPY, [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
        (SIGMOID, BINARY_CROSS_ENTROPY, [[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]]),
    ],
)
def test_the_gradient_of_cross_entropy_by_the_sum_is_p_less_y(activation, loss, truth):
    y, z = np.array(truth), np.random.default_rng(0).normal(size=(2, 3))
    p = activation.value(z)
    mean_over = len(y) if activation is SOFTMAX else y.size
    np.testing.assert_allclose(
        activation.backward(loss.gradient(y, p), p), (p - y) / mean_over, rtol=1e-13
    )


@pytest.mark.parametrize("name", LOSSES)
def test_a_forecast_that_is_wholly_wrong_has_a_finite_loss_and_gradient(name):
    y, a = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert np.isfinite(LOSSES[name].value(y, a))
    assert np.isfinite(LOSSES[name].gradient(y, a)).all()
