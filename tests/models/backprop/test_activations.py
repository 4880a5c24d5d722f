"""Activations: their slopes against central differences, and extreme sums."""

import numpy as np
import pytest

from volcast.models.backprop.activations import ACTIVATIONS
from volcast.models.backprop.gradient_check import (
    central_differences,
    relative_error,
)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_gradient_pulled_back_is_the_slope_of_the_activation(name):
    rng = np.random.default_rng(0)
    z, upstream = rng.normal(size=(2, 3, 4))
    activation = ACTIVATIONS[name]
    numeric = central_differences(lambda z: float((upstream * activation.value(z)).sum()), z)
    pulled = activation.backward(upstream, activation.value(z))
    assert relative_error(pulled, numeric) < 1e-9


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_extreme_sums_give_finite_outputs(name):
    assert np.isfinite(ACTIVATIONS[name].value(np.array([[-1e4, 0.0, 1e4]]))).all()
