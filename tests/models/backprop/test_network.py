"""Networks: their initial weights and their simplest case."""

import numpy as np
import pytest

from volcast.models.backprop.activations import ACTIVATIONS, IDENTITY
from volcast.models.backprop.network import Layer, Network, initialise_network


def test_an_untrained_relu_stack_keeps_the_size_of_its_signal():
    """He et al. 2015, eq. 10: the mean square of z stays that of the inputs times 2 / 2."""
    sizes, relu = (200, 200, 200, 200), ACTIVATIONS["relu"]
    network = initialise_network(sizes, (relu,) * 3, np.random.default_rng(0))
    z = network.forward(np.random.default_rng(1).normal(size=(500, 200))).z
    assert np.mean(z[-1] ** 2) == pytest.approx(2.0, rel=0.2)


def test_a_network_of_one_identity_layer_is_a_straight_line():
    network = Network((Layer(np.array([[2.0]]), np.array([1.0]), IDENTITY),))
    np.testing.assert_array_equal(network.predict(np.array([[0.0], [3.0]])), [[1.0], [7.0]])
