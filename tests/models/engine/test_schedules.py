"""Learning-rate schedules, by hand and beside Keras's callback."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.engine.samples import member, plan, trained
from volcast.models.backend import keras
from volcast.models.engine.schedules import PlateauReductions, Schedule


def whole_course(schedule, epochs, steps):
    return np.concatenate(
        [schedule.compute_factors(e, steps, epochs) for e in range(1, epochs + 1)]
    )


def test_shares_by_hand():
    np.testing.assert_array_equal(whole_course(Schedule(), 2, 2), np.ones(4))
    cosine = whole_course(Schedule("cosine", final=0.0), 2, 2)
    np.testing.assert_allclose(cosine, [1.0, 0.5 + np.sqrt(0.125), 0.5, 0.5 - np.sqrt(0.125)])
    exponential = whole_course(Schedule("exponential", final=0.0625), 2, 2)
    np.testing.assert_allclose(exponential, [1.0, 0.5, 0.25, 0.125])
    warm = whole_course(Schedule(warmup_epochs=1.5), 3, 2)
    np.testing.assert_allclose(warm, [1 / 3, 2 / 3, 1.0, 1.0, 1.0, 1.0])


@given(
    kind=st.sampled_from(["constant", "cosine", "exponential", "plateau"]),
    epochs=st.integers(1, 20),
    steps=st.integers(1, 50),
    warmup=st.floats(0, 30),
)
def test_shares_stay_above_zero_and_never_exceed_one(kind, epochs, steps, warmup):
    compute_factors = whole_course(Schedule(kind, warmup_epochs=warmup), epochs, steps)
    assert compute_factors.shape == (epochs * steps,)
    assert (compute_factors > 0).all() and (compute_factors <= 1 + 1e-12).all()


def test_plateaus_are_those_of_keras():
    rng = np.random.default_rng(0)
    curves = np.cumsum(rng.normal(-0.02, 0.05, (30, 3)), axis=0) + 5.0
    schedule = Schedule("plateau", factor=0.5, patience=2, min_delta=0.01)
    plateaus = PlateauReductions(schedule, 3)
    expected = []
    for member_curve in curves.T:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(1.0), "mse")
        callback = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=2, min_delta=0.01)
        callback.set_model(model)
        callback.on_train_begin()
        rates = []
        for epoch, loss in enumerate(member_curve):
            callback.on_epoch_end(epoch, {"val_loss": loss})
            rates.append(float(model.optimizer.learning_rate))
        expected.append(rates)
    for epoch, losses in enumerate(curves):
        plateaus.update(losses)
        np.testing.assert_allclose(plateaus.factor, np.array(expected)[:, epoch])
    assert len(set(plateaus.factor)) > 1, "all members went the same way"


def test_a_plateau_halves_the_rate_of_the_member_that_stands_still():
    members = [member(0, learning_rate=1e-30), member(1, learning_rate=1e-2)]
    run = trained(members, plan(6, schedule=Schedule("plateau")))
    assert run.learning_rate[6, 0] == pytest.approx(1e-30 / 4)
    assert run.learning_rate[6, 1] == pytest.approx(1e-2)
