"""A small network and its rows for the tests of the NumPy networks."""

import numpy as np

from volcast.models.backprop.activations import IDENTITY, TANH
from volcast.models.backprop.network import initialise_network


def make_rows(count=20, seed=0):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, 2))
    return inputs, np.sin(inputs[:, :1]) + 0.3 * rng.normal(size=(count, 1))


def make_network(seed=0, sizes=(2, 6, 1), activations=(TANH, IDENTITY)):
    return initialise_network(sizes, activations, np.random.default_rng(seed))
