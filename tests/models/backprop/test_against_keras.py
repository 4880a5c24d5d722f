"""The NumPy network against Keras in float64: losses, gradients and ten steps to 1e-10."""

import numpy as np
import pytest

from volcast.models.backend import keras, tf
from volcast.models.backprop.activations import ACTIVATIONS
from volcast.models.backprop.clipping import Clipping
from volcast.models.backprop.losses import LOSSES
from volcast.models.backprop.network import Layer, Network, loss_and_gradients
from volcast.models.backprop.optimizers import Adam, GradientDescent, Momentum, Nesterov, RMSprop
from volcast.models.backprop.training import TrainingSettings, iterate_steps

pytestmark = pytest.mark.slow  # each of the many pairs builds a Keras model

INPUTS, UNITS, OUTPUTS, ROWS, STEPS = 3, 5, 3, 12, 10
# Keras passes rates and constants through float32, whatever the weights are: only numbers that it
# holds exactly let the rules be compared to the last digits.
RATE, MOMENTUM, DECAY, EPSILON = 2.0**-4, 1 - 2.0**-3, 1 - 2.0**-10, 2.0**-23

NAME_IN_KERAS = {"identity": "linear"}
OUTPUTS_OF_LOSS = {
    "mse": ["identity", "sigmoid", "tanh", "relu", "softmax"],
    "binary_crossentropy": ["sigmoid"],
    "categorical_crossentropy": ["softmax"],
}
CASES = [
    (hidden, output, loss)
    for loss, outputs in OUTPUTS_OF_LOSS.items()
    for output in outputs
    for hidden in ACTIVATIONS
]
RULES = {
    "sgd": (GradientDescent(RATE), lambda: keras.optimizers.SGD(RATE)),
    "momentum": (Momentum(RATE, MOMENTUM), lambda: keras.optimizers.SGD(RATE, momentum=MOMENTUM)),
    "nesterov": (
        Nesterov(RATE, MOMENTUM),
        lambda: keras.optimizers.SGD(RATE, momentum=MOMENTUM, nesterov=True),
    ),
    "rmsprop": (
        RMSprop(RATE, MOMENTUM, EPSILON),
        lambda: keras.optimizers.RMSprop(RATE, rho=MOMENTUM, epsilon=EPSILON),
    ),
    "adam": (
        Adam(RATE, MOMENTUM, DECAY, EPSILON),
        lambda: keras.optimizers.Adam(RATE, beta_1=MOMENTUM, beta_2=DECAY, epsilon=EPSILON),
    ),
}
KERAS_CLIPPING = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}


def make_rows(loss):
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(ROWS, INPUTS))
    truth = {
        "mse": rng.normal(size=(ROWS, OUTPUTS)),
        "binary_crossentropy": rng.integers(0, 2, (ROWS, OUTPUTS)).astype(float),
        "categorical_crossentropy": np.eye(OUTPUTS)[rng.integers(0, OUTPUTS, ROWS)],
    }
    return inputs, truth[loss]


def make_network(hidden, output):
    """Return a network of two hidden layers, with biases that are not zero."""
    rng = np.random.default_rng(2)
    sizes = [(INPUTS, UNITS, hidden), (UNITS, UNITS, hidden), (UNITS, OUTPUTS, output)]
    return Network(
        tuple(
            Layer(*(0.5 * rng.normal(size=size) for size in ((n, units), units)), ACTIVATIONS[name])
            for n, units, name in sizes
        )
    )


def keras_twin(network):
    layers = [keras.Input((INPUTS,), dtype="float64")]
    for layer in network.layers:
        name = layer.activation.name
        activation = NAME_IN_KERAS.get(name, name)
        layers.append(keras.layers.Dense(len(layer.bias), activation, dtype="float64"))
    twin = keras.Sequential(layers)
    twin.set_weights(network.parameters)
    return twin


def by_keras(twin, rows, loss):
    """Return loss and gradients by TensorFlow's own differentiation."""
    inputs, truth = (tf.constant(part) for part in rows)
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(keras.losses.get(loss)(truth, twin(inputs)))
    return value, tape.gradient(value, [v.value for v in twin.trainable_variables])


def assert_close(mine, theirs):
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(one, np.asarray(other), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("hidden", "output", "loss"), CASES)
def test_losses_and_gradients_are_those_of_keras(hidden, output, loss):
    network, rows = make_network(hidden, output), make_rows(loss)
    mine = loss_and_gradients(network, *rows, LOSSES[loss])
    theirs = by_keras(keras_twin(network), rows, loss)
    assert mine[0] == pytest.approx(float(theirs[0]), rel=1e-10)
    assert max(np.abs(g).max() for g in mine[1]) > 1e-4, "nothing is compared with nothing"
    assert_close(mine[1], theirs[1])


def steps_of_both(network, rows, loss, rule, optimizer, clipping=None):
    """Take ten steps of batch descent; yield the parameters of both after each."""
    twin = keras_twin(network)
    settings = TrainingSettings(LOSSES[loss], rule, STEPS, clipping=clipping)
    for stepped in iterate_steps(network, rows, settings):
        _, gradients = by_keras(twin, rows, loss)
        optimizer.apply(gradients, twin.trainable_variables)
        yield stepped.parameters, twin.get_weights()


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("hidden", "output", "loss"), CASES)
def test_ten_steps_are_those_of_keras(hidden, output, loss, name):
    network, rows = make_network(hidden, output), make_rows(loss)
    rule, optimizer = RULES[name][0], RULES[name][1]()
    for mine, theirs in steps_of_both(network, rows, loss, rule, optimizer):
        assert_close(mine, theirs)
    moved = [np.abs(a - b).max() for a, b in zip(mine, network.parameters, strict=True)]
    assert max(moved) > 1e-3


@pytest.mark.parametrize("by", KERAS_CLIPPING)
def test_clipped_steps_are_those_of_keras(by):
    network, rows = make_network("tanh", "identity"), make_rows("mse")
    optimizer = keras.optimizers.SGD(RATE, **{KERAS_CLIPPING[by]: 0.1})
    steps = steps_of_both(network, rows, "mse", GradientDescent(RATE), optimizer, Clipping(by, 0.1))
    for mine, theirs in steps:
        assert_close(mine, theirs)
