"""The NumPy network as the oracle of the training engine: same weights, same batches, same losses.

The engine computes in float32, so that the two agree to about 1e-5.
"""

import numpy as np
import pytest

from tests.models.engine.samples import BATCH, FEATURES, HELD_OUT, ROWS, TRAIN, member
from volcast.models.backprop.activations import ACTIVATIONS, IDENTITY
from volcast.models.backprop.losses import MSE
from volcast.models.backprop.network import Layer, Network, loss_and_gradients
from volcast.models.backprop.optimizers import (
    Adam,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
)
from volcast.models.engine.member_groups import SHUFFLE_STREAM
from volcast.models.engine.optimization import Optimization
from volcast.models.engine.stacked_network import Architecture
from volcast.models.engine.training import TrainingPlan, train

EPOCHS, SEED, RATE, HIDDEN = 4, 5, 0.02, (6, 4)
RULES = {
    "sgd": GradientDescent(RATE),
    "momentum": Momentum(RATE),
    "nesterov": Nesterov(RATE),
    "rmsprop": RMSprop(RATE),
    "adam": Adam(RATE),
}


def starting_weights():
    """Return kernels and biases of one member, none of them zero: (1, inputs, units), (1, 1, .)."""
    rng = np.random.default_rng(0)
    shapes = Architecture(FEATURES, 1, HIDDEN, "tanh").shapes()
    return [0.5 * rng.normal(size=(1, *shape)).astype(np.float32) for shape in shapes]


def by_engine(optimizer, activation):
    network = Architecture(FEATURES, 1, HIDDEN, activation)
    plan = TrainingPlan(
        network, Optimization(optimizer, loss="mse"), epochs=EPOCHS, patience=EPOCHS
    )
    return train(ROWS, [member(SEED, learning_rate=RATE)], plan, start=starting_weights())


def by_hand(rule, activation):
    """Return the losses (epochs, 2) of training and validation, and the networks by epoch."""
    parts = [part[0].astype(np.float64) for part in starting_weights()]
    names = [ACTIVATIONS[activation]] * len(HIDDEN) + [IDENTITY]
    pairs = zip(parts[::2], parts[1::2], names, strict=True)
    network = Network(tuple(Layer(kernel, bias[0], name) for kernel, bias, name in pairs))
    inputs = ROWS.inputs.astype(np.float64)
    error = ROWS.target.astype(np.float64) - ROWS.anchor
    descent, shuffle = Optimizer(rule), np.random.default_rng([SEED, SHUFFLE_STREAM])
    losses, networks = [], [network]
    for _ in range(EPOCHS):
        order, seen = shuffle.permutation(TRAIN), 0.0
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            loss, gradients = loss_and_gradients(network, inputs[rows], error[rows], MSE)
            seen += loss * len(rows)
            network = network.with_parameters(descent.step(network.parameters, gradients))
        held_out = MSE.value(error[HELD_OUT], network.predict(inputs[HELD_OUT]))
        losses.append([seen / len(order), held_out])
        networks.append(network)
    return np.array(losses), networks


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("optimizer", RULES)
def test_the_engine_trains_as_the_numpy_network_does(optimizer, activation):
    run = by_engine(optimizer, activation)
    losses, networks = by_hand(RULES[optimizer], activation)
    ends = zip(networks[0].parameters, networks[-1].parameters, strict=True)
    assert max(np.abs(last - first).max() for first, last in ends) > 0.01, "nothing moved"
    np.testing.assert_allclose(run.train_loss[1:, 0], losses[:, 0], rtol=2e-5)
    np.testing.assert_allclose(run.val_loss[1:, 0], losses[:, 1], rtol=2e-5)
    best = networks[int(run.best_epoch[0, 0])]
    for mine, theirs in zip(best.parameters, run.weights, strict=True):
        np.testing.assert_allclose(mine.ravel(), theirs[0].ravel(), rtol=1e-3, atol=2e-5)
