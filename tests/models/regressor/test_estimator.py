"""What the regressor estimates from which rows, and that its parameters do what they say."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from tests.models.samples import make_rows
from volcast.models.backend import keras
from volcast.models.regressor.estimator import KerasVolatilityRegressor

TAME = 11  # a seed of rows without an error that would be bounded
SMALL = {"hidden": (4,), "members": 4, "epochs": 3, "purge": 0}


def fitted(x, y, validation_data=None, **parameters):
    return KerasVolatilityRegressor(**{**SMALL, **parameters}).fit(x, y, validation_data)


def heard_by(seen):
    return keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch + 1, logs["loss"], logs["val_loss"]))
    )


def corrections_of(regressor, x):
    """Return each member's correction (members, n, H) in float64, network by network."""
    members, targets = regressor.best_epoch_.shape
    inputs = regressor.inputs_.transform(x)[0]
    networks = regressor.numpy_network_.compute_outputs(inputs).astype(float)
    return np.stack(
        [np.concatenate(networks[m * targets : (m + 1) * targets], axis=1) for m in range(members)]
    )


def validation_curve_of(regressor, x, y):
    """Return each member's QLIKE over (x, y) by target with its final weights, in float64."""
    correction = corrections_of(regressor, x)
    log_forecast = (
        regressor.inputs_.anchor.predict_log(x[:, regressor.inputs_.anchor_columns]) + correction
    )
    error = np.log(y) - log_forecast
    return (np.exp(error) - error - 1.0).mean(axis=1)


@pytest.mark.parametrize("parameters", [{}, {"l2": 0.01}, {"dropout": 0.3}, {"optimizer": "sgd"}])
def test_every_target_ends_with_the_weights_of_its_own_best_epoch(parameters):
    x, y = make_rows(160, seed=TAME, targets=2)
    later = make_rows(60, seed=1, targets=2)
    regressor = fitted(
        x, y, later, epochs=60, patience=3, learning_rate=0.05, anchor=[0], **parameters
    )
    curve = regressor.history_["val_loss_by_target"]
    best = np.take_along_axis(curve, regressor.best_epoch_[None], axis=0)[0]
    np.testing.assert_allclose(validation_curve_of(regressor, *later), best, rtol=1e-5)
    assert (best <= curve[: 1 + regressor.epochs_run_.min()].min(axis=0)).mean() > 0.5
    assert (best <= curve[0]).all()
    assert (regressor.best_epoch_[:, 0] != regressor.best_epoch_[:, 1]).any()
    np.testing.assert_allclose(regressor.history_["val_loss"], curve.mean(axis=2))


def test_the_curves_start_at_the_anchor_and_end_where_each_member_stopped():
    x, y = make_rows(160, seed=TAME)
    later = make_rows(60, seed=1)
    regressor = fitted(x, y, later, epochs=60, patience=3, learning_rate=0.05, anchor=[0])
    train, held_out = regressor.history_["train_loss"], regressor.history_["val_loss"]
    assert len(train) == len(held_out) == len(regressor.history_["learning_rate"])
    assert len(train) == 1 + regressor.epochs_run_.max()
    assert len(set(regressor.epochs_run_)) > 1, "all members stopped together"
    for curve, (inputs, variance) in ((train, (x, y)), (held_out, later)):
        error = np.log(variance) - regressor.inputs_.anchor.predict_log(inputs[:, [0]])
        anchor_loss = (np.exp(error) - error - 1.0).mean()
        np.testing.assert_allclose(curve[0], anchor_loss, rtol=1e-5)
        np.testing.assert_array_equal(np.isfinite(curve).sum(axis=0), 1 + regressor.epochs_run_)
        for member, epochs in enumerate(regressor.epochs_run_):
            assert np.isfinite(curve[: epochs + 1, member]).all()
            assert np.isnan(curve[epochs + 1 :, member]).all()
    np.testing.assert_array_equal(regressor.epochs_run_ - regressor.best_epoch_.max(axis=1), 3)


def test_a_member_that_never_improves_keeps_the_anchor():
    x, y = make_rows(100)
    regressor = fitted(x, y, learning_rate=5.0, optimizer="sgd", patience=2, anchor=[0])
    assert (regressor.best_epoch_ == 0).all()
    assert (regressor.numpy_network_.compute_outputs(np.ones((7, 3), np.float32)) == 0).all()


@pytest.mark.parametrize("clipping", ["none", "global_norm"])
def test_a_learning_rate_that_explodes_leaves_the_anchor_and_finite_forecasts(clipping):
    x, y = make_rows(100)
    seen = []
    regressor = KerasVolatilityRegressor(
        **SMALL | {"epochs": 30}, optimizer="sgd", learning_rate=1e30, clipping=clipping
    )
    reported = pytest.warns(ConvergenceWarning, match="4 of 4 members diverged, the first in epoch")
    with reported if clipping == "none" else nullcontext():
        regressor.fit(x, y, callbacks=[heard_by(seen)])
    assert (regressor.best_epoch_ == 0).all()
    assert regressor.diverged_.all() == (clipping == "none")
    if clipping == "none":  # the loss becomes NaN, which ends the training at once
        assert (regressor.epochs_run_ == 1).all()
        assert not np.isfinite(regressor.history_["val_loss"][1]).any()
        assert [epoch for epoch, *_ in seen] == [1]
    held_out = y[90:]
    expected = np.full(len(x), held_out.mean())  # no anchor columns: the level, bias-corrected
    np.testing.assert_allclose(regressor.predict(x)[:, 0], expected, rtol=1e-12)


def test_the_forecast_is_centred_on_the_held_out_rows():
    for loss, targets in (("qlike", 1), ("mse", 2)):
        x, y = make_rows(200, seed=TAME, targets=targets)
        regressor = fitted(x, y, loss=loss, validation_fraction=0.25)
        ratio = y[150:] / regressor.predict(x[150:])
        np.testing.assert_allclose(ratio.mean(axis=0), 1.0, rtol=1e-12)


def test_scaler_and_anchor_see_the_training_rows_alone():
    x, y = make_rows(100)
    wrecked_x, wrecked_y = x.copy(), y.copy()
    wrecked_x[75:], wrecked_y[75:] = 50.0, 1.0
    options = {"validation_fraction": 0.2, "purge": 5, "anchor": [0]}
    one, two = fitted(x, y, **options), fitted(wrecked_x, wrecked_y, **options)
    for learned in ("scaler", "anchor"):
        for name, value in vars(getattr(one.inputs_, learned)).items():
            np.testing.assert_array_equal(getattr(getattr(two.inputs_, learned), name), value)
    np.testing.assert_allclose(one.inputs_.scaler.mean, x[:75].mean(axis=0))


def test_purged_rows_are_used_by_nobody():
    x, y = make_rows(100)
    wrecked_x, wrecked_y = x.copy(), y.copy()
    wrecked_x[75:80], wrecked_y[75:80] = 50.0, 1.0
    options = {"validation_fraction": 0.2, "purge": 5, "anchor": [0]}
    one, two = fitted(x, y, **options), fitted(wrecked_x, wrecked_y, **options)
    np.testing.assert_array_equal(one.predict(x), two.predict(x))
    np.testing.assert_array_equal(one.history_["val_loss"], two.history_["val_loss"])


def test_held_out_rows_are_the_same_as_validation_data():
    x, y = make_rows(100)
    held_out = fitted(x, y, validation_fraction=0.2, purge=5)
    given = fitted(x[:75], y[:75], validation_data=(x[80:], y[80:]))
    np.testing.assert_array_equal(held_out.predict(x), given.predict(x))


def test_validation_rows_stop_the_training_but_are_not_trained_on():
    x, y = make_rows(100)
    options = {"epochs": 3, "patience": 3, "anchor": [0]}
    one = fitted(x, y, make_rows(40, seed=1), **options)
    two = fitted(x, y, make_rows(40, seed=2), **options)
    np.testing.assert_array_equal(one.history_["train_loss"], two.history_["train_loss"])
    assert (one.history_["val_loss"] != two.history_["val_loss"]).all()


def test_the_learning_rate_decides_how_far_a_step_goes():
    x, y = make_rows(100)
    small, large = (fitted(x, y, learning_rate=rate, epochs=1) for rate in (1e-6, 1e-2))
    moves = [
        np.abs(r.history_["train_loss"][1] - r.history_["train_loss"][0]) for r in (small, large)
    ]
    corrections = [np.abs(corrections_of(r, x)).max(axis=(1, 2)) for r in (small, large)]
    assert (moves[0] < moves[1]).all()
    assert (corrections[0] < 1e-4).all()
    assert (corrections[1] > 1e-3).all()


def test_smaller_batches_learn_more_in_an_epoch():
    x, y = make_rows(400)
    losses = [
        fitted(x, y, batch_size=size, epochs=1).history_["train_loss"][1] for size in (8, 400)
    ]
    assert (losses[0] < losses[1]).all()


def test_a_batch_larger_than_the_rows_is_one_batch_of_all_rows():
    x, y = make_rows(50)
    options = {"validation_fraction": 0.0, "epochs": 2}
    exact = fitted(x, y, batch_size=50, **options)
    larger = fitted(x, y, batch_size=10**12, **options)
    np.testing.assert_allclose(larger.predict(x), exact.predict(x), rtol=1e-6)
    for curve in ("train_loss", "val_loss"):
        np.testing.assert_allclose(larger.history_[curve], exact.history_[curve], rtol=1e-6)


def test_a_forecast_has_the_same_bits_whatever_rows_are_predicted_with_it():
    x, y = make_rows(300, targets=2)
    regressor = fitted(x, y, learning_rate=0.05, anchor=[0], hidden=(32, 16), blend=0.5)
    forecasts, members = regressor.predict(x), regressor.predict_members(x)
    order = np.random.default_rng(0).permutation(len(x))
    np.testing.assert_array_equal(regressor.predict(x[order]), forecasts[order])
    np.testing.assert_array_equal(regressor.predict_members(x[order]), members[:, order])
    for row in range(0, len(x), 7):
        np.testing.assert_array_equal(regressor.predict(x[row : row + 1])[0], forecasts[row])
    np.testing.assert_array_equal(regressor.predict(x[:101]), forecasts[:101])


def test_members_are_averaged_in_log_variance():
    x, y = make_rows(60)
    regressor = fitted(x, y, learning_rate=0.05, anchor=[0])
    members = corrections_of(regressor, x)
    assert (members[0] != members[1]).any()
    logs = regressor.inputs_.anchor.predict_log(x[:, [0]]) + members.mean(axis=0) + regressor.bias_
    np.testing.assert_allclose(regressor.predict(x), np.exp(logs), rtol=1e-12)


def test_another_seed_gives_other_forecasts_and_the_same_seed_the_same():
    x, y = make_rows(60)
    first, again, other = (fitted(x, y, seed=seed).predict(x) for seed in (1, 1, 9))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_the_unit_of_the_variance_does_not_matter():
    x, y = make_rows(100)
    daily, percent = fitted(x, y, anchor=[0]), fitted(x, y * 1e4, anchor=[0])
    np.testing.assert_allclose(percent.predict(x), 1e4 * daily.predict(x), rtol=1e-4)


def test_the_order_and_number_of_rows_do_not_change_a_forecast():
    x, y = make_rows(1200)
    regressor = fitted(x, y, epochs=1, anchor=[0, 1])
    whole = regressor.predict(x)
    np.testing.assert_array_equal(regressor.predict(x[:700]), whole[:700])
    np.testing.assert_array_equal(regressor.predict(x[:1]), whole[:1])
    np.testing.assert_allclose(regressor.predict(x[::-1]), whole[::-1], rtol=1e-6)


def test_networks_of_one_shape_can_be_trained_in_several_threads():
    data = [make_rows(100, seed=seed) for seed in range(4)]
    expected = [fitted(*rows).predict(rows[0]) for rows in data]
    with ThreadPoolExecutor(4) as threads:
        forecasts = list(threads.map(lambda rows: fitted(*rows).predict(rows[0]), data))
    for forecast, wanted in zip(forecasts, expected, strict=True):
        np.testing.assert_array_equal(forecast, wanted)


def test_a_callback_gets_the_medians_of_the_members_that_still_train():
    seen = []
    regressor = KerasVolatilityRegressor(
        **SMALL | {"epochs": 40}, patience=2, learning_rate=0.1
    ).fit(*make_rows(100), callbacks=[heard_by(seen)])
    assert len(set(regressor.epochs_run_)) > 1, "all members stopped together"
    expected = [
        (epoch, np.nanmedian(train), np.nanmedian(held_out))
        for epoch, (train, held_out) in enumerate(
            zip(regressor.history_["train_loss"], regressor.history_["val_loss"], strict=True)
        )
    ]
    np.testing.assert_allclose(seen, expected[1:], rtol=1e-6)


def test_a_plain_network_of_dense_layers_gives_the_members_correction():
    x, y = make_rows(100, targets=2)
    regressor = fitted(x, y, learning_rate=0.05, hidden=(4, 3), dropout=0.1)
    inputs = regressor.inputs_.transform(x)[0]
    stacked = corrections_of(regressor, x)
    assert np.abs(stacked).min(axis=(1, 2)).max() > 0, "nothing was learnt"
    for member in range(4):
        plain = regressor.plain_network(member)
        branches = [part for part in plain.layers if isinstance(part, keras.Sequential)]
        kinds = {type(layer) for branch in branches for layer in branch.layers}
        assert len(branches) == 2 and kinds == {keras.layers.Dense, keras.layers.Dropout}
        np.testing.assert_allclose(plain(inputs), stacked[member], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("loss", ["huber", keras.losses.LogCosh()])
def test_other_losses_of_keras_train_and_are_centred(loss):
    x, y = make_rows(200, seed=TAME)
    regressor = fitted(x, y, loss=loss, learning_rate=0.03, validation_fraction=0.25)
    assert (regressor.history_["val_loss"][-1] < regressor.history_["val_loss"][0]).all()
    np.testing.assert_allclose((y[150:] / regressor.predict(x[150:])).mean(), 1.0, rtol=1e-12)
