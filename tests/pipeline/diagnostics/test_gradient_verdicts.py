"""From trainings provoked into a state to the verdict on their gradients, in words."""

import numpy as np
import pytest

from tests.models.diagnose.problems import make_problem, with_settings
from volcast.models.backend import tf
from volcast.models.diagnose import gradient_check, gradient_flow
from volcast.reports.diagnosis.gradient_check import (
    COARSE,
    RIGHT,
    build_gradient_check_section,
    find_first_wrong_layer,
    judge_parts,
)
from volcast.reports.diagnosis.gradients import build_gradient_flow_section
from volcast.reports.training.gradient_flow import (
    CURE,
    DEAD,
    EXPLODING,
    HEALTHY,
    VANISHING,
    summarise_flow,
)

pytestmark = pytest.mark.slow  # trainings that are provoked

TEN = (16,) * 10


@pytest.fixture(scope="module")
def problem():
    return make_problem(epochs=6, learning_rate=1e-3)


def flow_tables(problem, **settings):
    tables = gradient_flow.measure_regressor_flow(with_settings(problem, **settings))
    return {name: table.assign(network="configured") for name, table in tables.items()}


def test_ten_layers_of_sigmoid_vanish_and_relu_with_he_is_the_cure(problem):
    tables = gradient_flow.measure_gradient_flow(
        with_settings(problem, hidden=TEN, activation="sigmoid")
    )
    own, cured = summarise_flow(tables), summarise_flow(tables, CURE)
    assert own.verdict == VANISHING
    assert own.first_to_last < 1e-4
    assert cured.verdict == HEALTHY
    assert cured.first_to_last > 0.1
    section = build_gradient_flow_section(tables)
    assert section.sentence.startswith("Vanishing gradients, with 10 hidden layers of sigmoid")
    assert section.advice.startswith('Set activation = "relu" and initialisation = "he"')


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        ({}, HEALTHY),
        ({"activation": "sigmoid"}, HEALTHY),
        ({"clipping": "none", "optimizer": "sgd", "learning_rate": 100.0}, EXPLODING),
        ({"learning_rate": 30.0}, EXPLODING),
        ({"activation": "relu", "learning_rate": 0.3, "epochs": 20}, DEAD),
        ({"activation": "tanh", "learning_rate": 0.3}, DEAD),
    ],
)
def test_provoked_trainings_are_named(problem, settings, verdict):
    found = summarise_flow(flow_tables(problem, **settings))
    assert found.verdict == verdict


def test_the_gradients_of_the_default_network_are_right(problem):
    tables = gradient_check.check_gradients(problem)
    assert (judge_parts(tables)["verdict"] == RIGHT).all()
    section = build_gradient_check_section(tables)
    assert section.sentence.startswith("The gradients are correct: over ")
    assert section.advice == "Nothing to do."


@tf.custom_gradient
def wrong_square(x):
    return tf.square(x), lambda upstream: 2.02 * x * upstream


@tf.custom_gradient
def wrong_tanh(x):
    return tf.tanh(x), lambda upstream: upstream


@pytest.mark.parametrize(
    ("settings", "begins", "said"),
    [
        (
            {"loss": lambda truth, forecast: tf.reduce_mean(wrong_square(truth - forecast), -1)},
            0,
            "The gradient of the loss is wrong: its derivative with respect to the forecast has a "
            "relative error of 5.0e-03",
        ),
        (
            {"hidden": (6, 5, 4), "activation": wrong_tanh},
            3,
            "A gradient is wrong from layer 3 down to the first",
        ),
    ],
)
def test_a_planted_wrong_gradient_is_found_and_placed(problem, settings, begins, said):
    tables = gradient_check.check_gradients(with_settings(problem, **settings))
    assert find_first_wrong_layer(judge_parts(tables)) == begins
    section = build_gradient_check_section(tables)
    assert section.sentence.startswith(said)
    assert section.advice.startswith("Fix the ")


def test_a_loss_that_cannot_be_checked_is_not_called_right(problem):
    def coarse(truth, forecast):
        error = tf.cast(truth - forecast, tf.float32)
        return tf.cast(tf.reduce_mean(tf.square(error), axis=-1), truth.dtype)

    tables = gradient_check.check_gradients(with_settings(problem, loss=coarse))
    assert (judge_parts(tables)["verdict"] == COARSE).mean() > 0.5
    assert build_gradient_check_section(tables).sentence.startswith(
        "The gradient cannot be checked"
    )


def test_vanished_gradients_are_right_all_the_same(problem):
    tables = gradient_check.check_gradients(
        with_settings(problem, hidden=TEN, activation="sigmoid")
    )
    assert np.isfinite(tables["parts"]["relative_error"]).all()
    assert find_first_wrong_layer(judge_parts(tables)) == -1
