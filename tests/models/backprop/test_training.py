"""Mini-batches against a naive loop, and early stopping."""

import numpy as np
import pytest

from tests.models.backprop.samples import make_network, make_rows
from volcast.models.backprop.losses import (
    MSE,
)
from volcast.models.backprop.optimizers import (
    GradientDescent,
    Momentum,
)
from volcast.models.backprop.training import TrainingSettings, iterate_steps, train


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
