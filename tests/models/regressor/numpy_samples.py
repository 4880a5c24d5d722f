"""Networks with made-up weights, and inputs for them; nothing here imports TensorFlow."""

from itertools import pairwise

import numpy as np

from volcast.models.regressor.numpy_network import NumpyNetwork

BOUND = 6.0  # of standardised inputs


def make_network(hidden=(32, 16), activation="swish", *, inputs=11, networks=3, scale=1.0):
    """Return networks with weights of a size that keeps outputs between 1 and 10."""
    rng = np.random.default_rng([inputs, networks, *hidden])
    sizes, weights = [inputs, *hidden, 1], []
    for size, units in pairwise(sizes):
        kernel = rng.normal(size=(networks, size, units)) * scale / np.sqrt(size)
        weights += [kernel, 0.1 * rng.normal(size=(networks, 1, units))]
    return NumpyNetwork([part.astype(np.float32) for part in weights], activation, 0.1)


def make_inputs(rows, inputs=11):
    drawn = np.random.default_rng(rows).normal(size=(rows, inputs))
    return np.clip(2.0 * drawn, -BOUND, BOUND).astype(np.float32)
