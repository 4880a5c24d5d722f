"""The engine against `keras.Model.fit`, by hand, and member by member."""

import numpy as np
import pytest

from models import engine
from models.backend import keras
from models.losses import qlike
from models.stack import Architecture

FEATURES, UNITS, BATCH, EPOCHS = 3, 4, 32, 5
SEED = 5


def make_log_rows(count, seed):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, FEATURES)).astype(np.float32)
    signal = 0.5 * inputs[:, :1] + 0.3 * inputs[:, 1:2] ** 2
    target = (signal + 0.5 * rng.normal(size=(count, 1))).astype(np.float32)
    return engine.Rows(inputs, np.full((count, 1), 0.1, np.float32), target)


TRAINING, VALIDATION = make_log_rows(70, 0), make_log_rows(40, 1)  # two batches, and 6 rows


def architecture(members, dropout=0.0):
    return Architecture(members, FEATURES, 1, (UNITS,), "swish", dropout)


DROPPING = architecture(2, dropout=0.2)
LINEAR = Architecture(1, FEATURES, 1, (), "swish", 0.0)


def recipe(optimizer="adam", batch_size=BATCH, l2=0.0, clip_norm=None):
    return engine.Recipe(optimizer, "qlike", batch_size, l2, clip_norm)


def train(seeds, given, *, rate=1e-2, epochs=EPOCHS):
    trainer = engine.trainer(architecture(len(seeds)), given)
    return trainer.train(TRAINING, VALIDATION, engine.Schedule(rate, epochs, epochs), seeds=seeds)


def plain_keras(given, rate):
    """Return (train, validation) loss an epoch and the weights of Dense layers trained by fit."""
    penalty = keras.regularizers.L2(given.l2) if given.l2 else None
    layers = [
        keras.layers.Dense(UNITS, "swish", kernel_regularizer=penalty),
        keras.layers.Dense(1, kernel_regularizer=penalty),
    ]
    model = keras.Sequential([keras.Input((FEATURES,)), *layers])
    limit = np.sqrt(6.0 / (FEATURES + UNITS))
    kernel = np.random.default_rng(SEED).uniform(-limit, limit, (FEATURES, UNITS))
    model.set_weights([kernel, np.zeros(UNITS), np.zeros((UNITS, 1)), np.zeros(1)])
    optimizer = engine.OPTIMIZERS[given.optimizer]()
    optimizer.learning_rate = rate
    optimizer.global_clipnorm = given.clip_norm
    # `loss` reports the penalty too; the metric is the data's loss, as the engine reports it.
    metric = keras.metrics.MeanMetricWrapper(qlike, name="qlike")
    model.compile(optimizer, loss=qlike, metrics=[metric], run_eagerly=True)
    orders = np.random.default_rng([SEED, engine.SHUFFLE_STREAM])
    curve = []
    for _ in range(EPOCHS):
        order = orders.permutation(len(TRAINING))
        result = model.fit(
            TRAINING.inputs[order],
            (TRAINING.target - TRAINING.anchor)[order],
            validation_data=(VALIDATION.inputs, VALIDATION.target - VALIDATION.anchor),
            batch_size=given.batch_size,
            shuffle=False,
            verbose=0,
        )
        curve.append([result.history["qlike"][0], result.history["val_qlike"][0]])
    return np.array(curve), model.get_weights()


PARITY = [recipe(name, clip_norm=clip) for name in engine.OPTIMIZERS for clip in (None, 0.2)]


@pytest.mark.parametrize("given", [*PARITY, recipe(l2=0.05)], ids=str)
def test_an_epoch_is_that_of_keras_fit(given):
    rate = 0.05 if "sgd" in given.optimizer else 0.02
    trained = train([SEED], given, rate=rate)
    losses, weights = plain_keras(given, rate)
    assert losses[-1, 0] < 0.95 * trained.train_loss[0, 0], "nothing was learnt"
    np.testing.assert_allclose(trained.train_loss[1:, 0], losses[:, 0], rtol=1e-5)
    np.testing.assert_allclose(trained.val_loss[1:, 0], losses[:, 1], rtol=1e-5)
    if trained.best_epoch[0] == EPOCHS:
        for mine, theirs in zip(trained.weights, weights, strict=True):
            np.testing.assert_allclose(mine[0].ravel(), theirs.ravel(), rtol=1e-3, atol=1e-5)


def test_clipping_changes_the_parity_runs():
    one, two = train([SEED], recipe("sgd")), train([SEED], recipe("sgd", clip_norm=0.2))
    assert np.abs(one.train_loss[1:] / two.train_loss[1:] - 1.0).max() > 1e-3


def test_one_step_of_sgd_by_hand():
    whole = recipe("sgd", batch_size=1000)
    trained = train([SEED], whole, rate=0.1, epochs=1)
    error = TRAINING.target - TRAINING.anchor
    gradient = (1.0 - np.exp(error)).mean()  # of exp(e) - e - 1 by the output, which is 0
    np.testing.assert_allclose(trained.weights[3].ravel(), [-0.1 * gradient], rtol=1e-5)
    np.testing.assert_allclose(trained.train_loss[1], (np.exp(error) - error - 1).mean(), rtol=1e-5)


@pytest.mark.parametrize(("batch_size", "steps"), [(1, 210), (32, 9), (70, 3), (10**12, 3)])
def test_an_epoch_takes_as_many_steps_as_there_are_batches(batch_size, steps):
    trainer = engine.trainer(LINEAR, recipe("sgd", batch_size=batch_size))
    trainer.train(TRAINING, VALIDATION, engine.Schedule(1e-3, 3, 3), seeds=[0])
    assert int(trainer.optimizer.iterations.numpy()) == steps
    assert float(trainer.optimizer.learning_rate.numpy()) == pytest.approx(1e-3)


def test_every_row_is_seen_once_an_epoch_in_another_order_by_each_member():
    trainer = engine.Trainer(architecture(2), recipe())
    shuffles = [np.random.default_rng(seed) for seed in (0, 1)]
    first, second = (trainer._order(shuffles, 70, 128).numpy() for _ in range(2))
    for order in (*first, *second):
        assert sorted(order[:70]) == list(range(70))
    assert (first[0] != first[1]).any() and (first[0] != second[0]).any()


def test_a_member_in_a_stack_is_the_member_trained_alone():
    for given in (recipe(clip_norm=0.2), recipe("sgd", clip_norm=0.2)):
        stack, alone = train([4, SEED, 6], given), train([SEED], given)
        np.testing.assert_allclose(stack.val_loss[:, 1], alone.val_loss[:, 0], rtol=2e-6)
        np.testing.assert_allclose(stack.train_loss[:, 1], alone.train_loss[:, 0], rtol=2e-6)
        for one, two in zip(stack.weights, alone.weights, strict=True):
            np.testing.assert_allclose(one[1], two[0], atol=2e-6)
        assert stack.best_epoch[1] == alone.best_epoch[0]


def test_a_member_that_turns_to_nan_does_not_touch_its_neighbours(monkeypatch):
    given = recipe(clip_norm=0.2)
    healthy = train([4, SEED, 6], given)

    def broken(model, seeds):
        weights = engine_weights(model, seeds)
        weights[0][0] = np.inf
        return weights

    engine_weights = engine.initial_weights
    monkeypatch.setattr(engine, "initial_weights", broken)
    sick = train([4, SEED, 6], given)
    assert np.isnan(sick.val_loss[1, 0]) and sick.epochs_run[0] == 1 and sick.best_epoch[0] == 0
    np.testing.assert_array_equal(sick.val_loss[:, 1], healthy.val_loss[:, 1])
    for one, two in zip(sick.weights, healthy.weights, strict=True):
        np.testing.assert_array_equal(one[1], two[1])


def test_a_trainer_remembers_nothing_of_the_training_before():
    trainer = engine.trainer(DROPPING, recipe("momentum"))
    schedule = engine.Schedule(1e-2, 3, 3)
    first = trainer.train(TRAINING, VALIDATION, schedule, seeds=[0, 1])
    trainer.train(make_log_rows(70, 3), VALIDATION, engine.Schedule(0.1, 2, 2), seeds=[7, 8])
    again = trainer.train(TRAINING, VALIDATION, schedule, seeds=[0, 1])
    for one, two in zip(first.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(first.train_loss, again.train_loss)


def test_dropout_drops_in_training_only():
    trainer = engine.trainer(DROPPING, recipe("momentum"))
    schedule = engine.Schedule(1e-30, 2, 2)  # a rate so small that only the dropping differs
    trainer.train(TRAINING, VALIDATION, schedule, seeds=[0, 1])
    trainer.model.set_weights([np.full(w.shape, 0.3) for w in trainer._weights()])
    rows, held_out = TRAINING.padded(), VALIDATION.padded()
    order = trainer._order([np.random.default_rng(0), np.random.default_rng(0)], 70, len(rows[0]))
    runs = [trainer._epoch(rows, held_out, order) for _ in range(2)]
    assert (runs[0][0].numpy()[:3] != runs[1][0].numpy()[:3]).any()
    np.testing.assert_array_equal(runs[0][1], runs[1][1])
