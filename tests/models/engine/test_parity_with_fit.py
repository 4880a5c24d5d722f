"""The engine against `keras.Model.fit` on the same batches: losses and weights."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from tests.models.engine.samples import (
    BATCH,
    FEATURES,
    HELD_OUT,
    NETWORK,
    ROWS,
    TRAIN,
    UNITS,
    member,
    plan,
    trained,
)
from tests.parameters import mark_slow
from volcast.models.backend import keras
from volcast.models.engine.losses import qlike
from volcast.models.engine.member_groups import SHUFFLE_STREAM
from volcast.models.engine.optimization import Clipping, Optimization, build_keras_optimizer
from volcast.models.engine.rows import Rows
from volcast.models.engine.schedules import Schedule
from volcast.models.engine.stacked_network import draw_initial_weights
from volcast.models.training_options import OPTIMIZERS

EPOCHS, SEED, STEPS = 10, 5, 3
KERAS_CLIPPING = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}
CLIPPED_AT = {"value": 0.02, "norm": 0.1, "global_norm": 0.2}
# Keras traces its training anew for each of them: the quick tests have one of each kind.
PAIRS = set(product(OPTIMIZERS, (None, *CLIPPED_AT)))
QUICK_PAIRS = {("adam", None), ("adam", "value"), ("rmsprop", "norm"), ("sgd", "global_norm")}


def fit_by_keras(optimization, rate, decay=0.0, loss=qlike, weight=None):
    """Return (train, validation) loss an epoch and the weights of Dense layers after `fit`.

    With `weight`, the factors of all rows, the losses are Keras's own, which contain them.
    """
    penalty = keras.regularizers.L2(optimization.l2) if optimization.l2 else None
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            keras.layers.Dense(UNITS, "swish", kernel_regularizer=penalty),
            keras.layers.Dense(1, kernel_regularizer=penalty),
        ]
    )
    start = draw_initial_weights(NETWORK, [SEED])
    model.set_weights([x[0] if at % 2 == 0 else x[0, 0] for at, x in enumerate(start)])
    optimizer = build_keras_optimizer(optimization.optimizer, rate)
    optimizer.weight_decay = decay or None
    if optimization.clipping:
        setattr(optimizer, KERAS_CLIPPING[optimization.clipping.by], optimization.clipping.at)
    # `loss` reports the penalty too; the metric is the data's loss, as the engine reports it.
    metric = keras.metrics.MeanMetricWrapper(loss, name="data")
    model.compile(optimizer, loss=loss, metrics=[metric])
    error = ROWS.target - ROWS.anchor
    columns = [ROWS.inputs, error, *([] if weight is None else [weight])]
    history = model.fit(
        iterate_batches(columns),
        shuffle=False,
        steps_per_epoch=STEPS,
        epochs=EPOCHS,
        validation_data=tuple(column[HELD_OUT] for column in columns),
        validation_batch_size=BATCH,
        verbose=0,
    ).history
    name = "data" if weight is None else "loss"
    return np.column_stack([history[name], history[f"val_{name}"]]), model.get_weights()


def iterate_batches(columns):
    """Yield the batches of every epoch, in the random order in which the engine takes them."""
    shuffle = np.random.default_rng([SEED, SHUFFLE_STREAM])
    for _ in range(EPOCHS):
        order = shuffle.permutation(TRAIN)
        for start in range(0, len(order), BATCH):
            yield tuple(column[order[start : start + BATCH]] for column in columns)


def assert_parity(run, losses, weights):
    assert losses[-1, 0] < 0.97 * run.train_loss[0, 0], "nothing was learnt"
    np.testing.assert_allclose(run.train_loss[1:, 0], losses[:, 0], rtol=1e-5)
    np.testing.assert_allclose(run.val_loss[1:, 0], losses[:, 1], rtol=1e-5)
    if run.best_epoch[0] == EPOCHS:
        for mine, theirs in zip(run.weights, weights, strict=True):
            np.testing.assert_allclose(mine[0].ravel(), theirs.ravel(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("optimizer", "by"),
    [
        *sorted(QUICK_PAIRS, key=str),
        *(
            pytest.param(*pair, marks=pytest.mark.slow)
            for pair in sorted(PAIRS - QUICK_PAIRS, key=str)
        ),
    ],
)
def test_ten_epochs_are_those_of_keras_fit(optimizer, by):
    optimization = Optimization(optimizer, clipping=Clipping(by, CLIPPED_AT[by]) if by else None)
    rate = 0.05 if optimizer == "sgd" else 0.02
    run = trained([member(SEED, learning_rate=rate)], plan(EPOCHS, optimization=optimization))
    assert_parity(run, *fit_by_keras(optimization, rate))


@pytest.mark.parametrize("by", mark_slow(CLIPPED_AT, but=["global_norm"]))
def test_clipping_changes_the_parity_runs(by):
    runs = [
        trained([member(SEED)], plan(3, optimization=Optimization("sgd", clipping=clipping)))
        for clipping in (None, Clipping(by, CLIPPED_AT[by]))
    ]
    assert np.abs(runs[0].train_loss[1:] / runs[1].train_loss[1:] - 1.0).max() > 1e-3


@pytest.mark.parametrize("optimizer", mark_slow(OPTIMIZERS, but=["adam"]))
def test_weight_decay_and_the_penalty_are_those_of_keras(optimizer):
    optimization, rate, decay = Optimization(optimizer, l2=0.02), 0.02, 0.3
    run = trained(
        [member(SEED, learning_rate=rate, weight_decay=decay)],
        plan(EPOCHS, optimization=optimization),
    )
    assert_parity(run, *fit_by_keras(optimization, rate, decay))


@pytest.mark.parametrize(
    "loss",
    [*mark_slow(["mse", "huber", keras.losses.mean_absolute_error]), keras.losses.LogCosh()],
)
def test_any_loss_of_keras_will_do(loss):
    optimization = Optimization(loss=loss)
    run = trained([member(SEED, learning_rate=0.02)], plan(EPOCHS, optimization=optimization))
    named = keras.losses.get(loss)
    of_rows = named.call if isinstance(named, keras.losses.Loss) else named
    assert_parity(run, *fit_by_keras(optimization, 0.02, loss=of_rows))


@pytest.mark.parametrize("loss", mark_slow(["qlike", "mse"], but=["qlike"]))
def test_sample_weights_are_those_of_keras(loss):
    weight = np.random.default_rng(1).exponential(size=len(ROWS)).astype(np.float32)
    weight[3] = 0.0
    optimization = Optimization(loss=loss)
    run = trained(
        [member(SEED, learning_rate=0.02)],
        plan(EPOCHS, optimization=optimization),
        Rows.copy(ROWS.inputs, ROWS.anchor, ROWS.target, weight),
    )
    of_rows = {"qlike": qlike, "mse": keras.losses.mean_squared_error}[loss]
    assert_parity(run, *fit_by_keras(optimization, 0.02, loss=of_rows, weight=weight))
    alike = trained([member(SEED, learning_rate=0.02)], plan(1, optimization=optimization))
    assert np.abs(run.train_loss[1] / alike.train_loss[1] - 1.0).max() > 1e-3


def test_schedules_are_those_of_keras():
    schedules = keras.optimizers.schedules
    steps, rate, final = EPOCHS * STEPS, 0.03, 0.01
    of_keras = {
        "cosine": schedules.CosineDecay(rate, steps, alpha=final),
        "exponential": schedules.ExponentialDecay(rate, steps, final),
    }
    for kind, schedule in of_keras.items():
        given = replace(plan(EPOCHS), schedule=Schedule(kind, final=final))
        run = trained([member(SEED, learning_rate=rate)], given)
        assert_parity(run, *fit_by_keras(Optimization(), schedule))


def test_one_step_of_sgd_by_hand():
    run = trained(
        [member(batch_size=1000, learning_rate=0.1)], plan(1, optimization=Optimization("sgd"))
    )
    error = (ROWS.target - ROWS.anchor)[TRAIN]
    gradient = (1.0 - np.exp(error)).mean()  # of exp(e) - e - 1 by the output, which is 0
    np.testing.assert_allclose(run.weights[3].ravel(), [-0.1 * gradient], rtol=1e-5)
    np.testing.assert_allclose(run.train_loss[1], (np.exp(error) - error - 1).mean(), rtol=1e-5)
