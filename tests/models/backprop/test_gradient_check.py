"""The gradient check, worked by hand and on a wrong gradient."""

import numpy as np
import pytest

from tests.models.backprop.samples import make_network, make_rows
from volcast.models.backprop.gradient_check import (
    TOLERANCE,
    central_differences,
    compute_parameter_errors,
)
from volcast.models.backprop.losses import (
    MSE,
)
from volcast.models.backprop.network import loss_and_gradients


def test_central_differences_of_a_cubic_by_hand():
    slope = central_differences(lambda x: float((x**3).sum()), np.array([1.0, -2.0]))
    np.testing.assert_allclose(slope, [3.0, 12.0], rtol=1e-9)


@pytest.mark.parametrize("place", range(4))
def test_the_gradient_check_finds_a_planted_wrong_gradient(place):
    def wrong(network, inputs, truth, loss):
        value, gradients = loss_and_gradients(network, inputs, truth, loss)
        gradients[place] = gradients[place] * 1.001
        return value, gradients

    errors = compute_parameter_errors(make_network(), make_rows(), MSE)
    assert max(errors) < TOLERANCE / 100
    planted = compute_parameter_errors(make_network(), make_rows(), MSE, wrong)
    assert [at for at, error in enumerate(planted) if error > TOLERANCE] == [place]
