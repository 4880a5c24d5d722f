"""The NumPy network by hand: activations, losses, rules, clipping, stopping, the gradient check."""

import numpy as np
import pytest

from volcast.models.backprop.activations import ACTIVATIONS, IDENTITY, SIGMOID, SOFTMAX, TANH
from volcast.models.backprop.clipping import Clipping
from volcast.models.backprop.gradient_check import (
    TOLERANCE,
    central_differences,
    compute_parameter_errors,
    relative_error,
)
from volcast.models.backprop.losses import (
    BINARY_CROSS_ENTROPY,
    CATEGORICAL_CROSS_ENTROPY,
    LOSSES,
    MSE,
)
from volcast.models.backprop.network import Layer, Network, initialise_network, loss_and_gradients
from volcast.models.backprop.optimizers import (
    AveragedMomentum,
    GradientDescent,
    Momentum,
    Optimizer,
)
from volcast.models.backprop.training import TrainingSettings, iterate_steps, train


def make_rows(count=20, seed=0):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, 2))
    return inputs, np.sin(inputs[:, :1]) + 0.3 * rng.normal(size=(count, 1))


def make_network(seed=0, sizes=(2, 6, 1), activations=(TANH, IDENTITY)):
    return initialise_network(sizes, activations, np.random.default_rng(seed))


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


def test_both_momenta_are_those_of_a_naive_loop():
    gradients = np.random.default_rng(0).normal(size=10)
    rate, m = 0.1, 0.9
    classical, averaged = Optimizer(Momentum(rate, m)), Optimizer(AveragedMomentum(rate, m))
    mine, mine_averaged = [np.array([1.0])], [np.array([1.0])]
    x = x_averaged = 1.0
    v = v_averaged = 0.0
    for g in gradients:
        v = m * v - rate * g
        x = x + v
        v_averaged = m * v_averaged + (1 - m) * g
        x_averaged = x_averaged - rate * v_averaged
        mine = classical.step(mine, [np.array([g])])
        mine_averaged = averaged.step(mine_averaged, [np.array([g])])
        assert mine[0][0] == pytest.approx(x, abs=1e-15)
        assert mine_averaged[0][0] == pytest.approx(x_averaged, abs=1e-15)
    assert abs(x - x_averaged) > 0.1


def test_the_averaged_momentum_is_the_classical_one_at_a_smaller_rate():
    rows = make_rows()
    ends = [
        train(make_network(), rows, TrainingSettings(MSE, rule, 30)).network.parameters
        for rule in (Momentum(0.01, 0.9), AveragedMomentum(0.1, 0.9))
    ]
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


def test_clipping_by_hand():
    gradients = [np.array([3.0, 4.0]), np.array([0.0, 12.0])]  # norms 5 and 12, together 13
    by = {kind: Clipping(kind, 6.5).clip(gradients) for kind in ("norm", "global_norm")}
    np.testing.assert_array_equal(Clipping("value", 3.5).clip(gradients), [[3, 3.5], [0, 3.5]])
    np.testing.assert_array_equal(by["norm"], [[3, 4], [0, 6.5]])
    np.testing.assert_allclose(by["global_norm"], [[1.5, 2], [0, 6]])


def test_a_small_gradient_and_none_at_all_are_left_alone():
    for kind in ("value", "norm", "global_norm"):
        clip = Clipping(kind, 1.0).clip([np.array([0.1]), np.zeros(2)])
        np.testing.assert_array_equal(np.concatenate(clip), [0.1, 0.0, 0.0])


@pytest.mark.parametrize(("by", "at", "rule"), [("size", 1.0, "one of value"), ("norm", 0, "> 0")])
def test_clipping_refuses_what_is_none(by, at, rule):
    with pytest.raises(ValueError, match=rule.replace("> 0", "above 0")):
        Clipping(by, at)


@pytest.mark.parametrize(("size", "count"), [(1, 6), (4, 2), (None, 1)])
def test_an_epoch_is_a_naive_loop_over_the_shuffled_rows(size, count):
    (inputs, truth), network, rate = make_rows(count=6), make_network(), 0.1
    steps = [
        *iterate_steps(
            network, (inputs, truth), TrainingSettings(MSE, GradientDescent(rate), 1, size, seed=4)
        )
    ]
    w1, b1, w2, b2 = (p.copy() for p in network.parameters)
    order = np.random.default_rng(4).permutation(6)
    for batch in (order[start : start + (size or 6)] for start in range(0, 6, size or 6)):
        gradients = [np.zeros_like(p) for p in (w1, b1, w2, b2)]
        for row in batch:
            hidden = np.tanh(inputs[row] @ w1 + b1)
            error = 2 * ((hidden @ w2 + b2) - truth[row])
            back = error * w2[:, 0] * (1 - hidden**2)
            parts = (np.outer(inputs[row], back), back, hidden[:, None] * error, error)
            gradients = [g + part / len(batch) for g, part in zip(gradients, parts, strict=True)]
        w1, b1, w2, b2 = (p - rate * g for p, g in zip((w1, b1, w2, b2), gradients, strict=True))
    assert len(steps) == count
    for mine, naive in zip(steps[-1].parameters, (w1, b1, w2, b2), strict=True):
        np.testing.assert_allclose(mine, naive, rtol=1e-12)


def test_early_stopping_restores_the_weights_of_the_best_epoch():
    rows, validation = make_rows(seed=1), make_rows(seed=2)
    settings = TrainingSettings(MSE, Momentum(0.02), 200, batch_size=5, patience=8)
    trained = train(make_network(seed=1), rows, settings, validation=validation)
    losses = trained.history["val_loss"].to_numpy()
    assert trained.best_epoch == losses.argmin()
    assert 0 < trained.best_epoch == len(losses) - 1 - 8, "it must stop, and not at once"
    kept = MSE.value(validation[1], trained.network.predict(validation[0]))
    assert kept == losses.min() < losses[-1]
    assert trained.network is trained.networks[trained.best_epoch]


def test_without_validation_the_last_epoch_is_kept():
    trained = train(make_network(), make_rows(), TrainingSettings(MSE, GradientDescent(0.1), 5))
    assert trained.network is trained.networks[-1]
    assert trained.history["val_loss"].isna().all()


def test_patience_needs_validation_rows():
    with pytest.raises(ValueError, match="patience=3 needs validation rows"):
        train(
            make_network(), make_rows(), TrainingSettings(MSE, GradientDescent(0.1), 5, patience=3)
        )


def test_training_leaves_the_network_that_it_was_given_alone():
    network = make_network()
    before = [p.copy() for p in network.parameters]
    train(network, make_rows(), TrainingSettings(MSE, Momentum(0.1), 3))
    for mine, kept in zip(network.parameters, before, strict=True):
        np.testing.assert_array_equal(mine, kept)


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


def test_an_untrained_relu_stack_keeps_the_size_of_its_signal():
    """He et al. 2015, eq. 10: the mean square of z stays that of the inputs times 2 / 2."""
    sizes, relu = (200, 200, 200, 200), ACTIVATIONS["relu"]
    network = initialise_network(sizes, (relu,) * 3, np.random.default_rng(0))
    z = network.forward(np.random.default_rng(1).normal(size=(500, 200))).z
    assert np.mean(z[-1] ** 2) == pytest.approx(2.0, rel=0.2)


def test_a_network_of_one_identity_layer_is_a_straight_line():
    network = Network((Layer(np.array([[2.0]]), np.array([1.0]), IDENTITY),))
    np.testing.assert_array_equal(network.predict(np.array([[0.0], [3.0]])), [[1.0], [7.0]])
