"""The recorded training against the engine and a naive loop."""

from dataclasses import replace

import numpy as np
import pytest

from tests.models.diagnose.problems import by_layer, make_problem, naive_steps
from volcast.models.backend import keras
from volcast.models.diagnose.gradient_recording import record_epochs
from volcast.models.engine.stacked_network import flatten_weights
from volcast.models.engine.training import train

EPOCHS = 3


def watched(problem, epochs=EPOCHS):
    plan = problem.build_plan()
    return list(record_epochs(problem.rows, problem.build_members(), plan, epochs))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(
            {"schedule": "cosine", "dropout": 0.2, "clipping": "norm", "clip_at": 0.05},
            marks=pytest.mark.slow,
        ),
        {"optimizer": "adamw", "l2": 0.01, "schedule": "plateau", "initialisation": "he"},
    ],
)
def test_watched_training_is_that_of_the_engine(settings):
    problem = make_problem(epochs=EPOCHS, patience=EPOCHS, **settings)
    weights = []
    listener = keras.callbacks.LambdaCallback()
    listener.on_epoch_end = lambda epoch, logs=None: weights.append(
        [variable.numpy() for variable in listener.model.trainable_variables]
    )
    run = train(problem.rows, problem.build_members(), problem.build_plan(), callbacks=[listener])
    for number, epoch in enumerate(watched(problem), start=1):
        np.testing.assert_allclose(epoch.train_loss, run.train_loss[number], rtol=1e-6)
        np.testing.assert_allclose(epoch.val_loss, run.val_loss[number], rtol=1e-6)
        np.testing.assert_allclose(
            flatten_weights(epoch.weights),
            flatten_weights(weights[number - 1]),
            rtol=1e-5,
            atol=1e-7,
        )


CLIPPED_AT = {"value": 0.02, "norm": 0.05, "global_norm": 0.12}


@pytest.mark.parametrize("by", CLIPPED_AT)
def test_norms_and_clipping_are_those_of_a_naive_loop(by):
    problem = make_problem(optimizer="sgd", clipping=by, clip_at=CLIPPED_AT[by], learning_rate=0.3)
    seen = watched(problem)
    for place, member in enumerate(problem.build_members()):
        steps = list(naive_steps(problem, member, EPOCHS))
        rate = problem.regressor.learning_rate
        expected = {
            "gradient": [by_layer(gradient) for gradient, _, _ in steps],
            "bounded": [by_layer(bounded) for _, bounded, _ in steps],
            "update": [[rate * norm for norm in by_layer(bounded)] for _, bounded, _ in steps],
            "size": [by_layer(weights) for _, _, weights in steps],
        }
        for name, values in expected.items():
            mine = np.concatenate([getattr(epoch, name)[:, place] for epoch in seen])
            np.testing.assert_allclose(mine, values, rtol=1e-3, atol=1e-6, err_msg=name)
        assert (np.array(expected["gradient"])[0, :-1] == 0).all(), "the last layer starts at zero"
        changed = np.array(expected["gradient"]) > np.array(expected["bounded"]) * (1 + 1e-6)
        clipped = np.concatenate([epoch.clipped[:, place] for epoch in seen]) > 0
        assert 0 < changed.mean() < 1
        np.testing.assert_array_equal(clipped, changed)


def test_members_of_different_batches_cannot_be_watched_together():
    problem = make_problem()
    one, other = problem.build_members()
    mixed = [one, replace(other, batch_size=16)]
    with pytest.raises(ValueError, match="must share batch size and steps; got"):
        next(record_epochs(problem.rows, mixed, problem.build_plan(), 1))
