"""Watched training: that it is the engine's own, and what it counts, against a naive loop."""

import numpy as np
import pandas as pd
import pytest

from tests.models.diagnose.problems import by_layer, make_problem, naive_steps
from volcast.models.diagnose import gradient_flow
from volcast.models.diagnose.gradient_flow import (
    UnitActivity,
    measure_gradient_flow,
    measure_regressor_flow,
)
from volcast.models.engine.stacked_network import draw_initial_weights

EPOCHS = 3


def test_the_table_counts_the_share_of_clipped_steps_and_what_is_left_of_the_norm():
    problem = make_problem(
        optimizer="sgd", clipping="global_norm", clip_at=0.12, learning_rate=0.3, members=1
    )
    table = measure_regressor_flow(problem, epochs=EPOCHS)["epochs"]
    steps = list(naive_steps(problem, problem.build_members()[0], EPOCHS))
    norms = np.array([np.linalg.norm(by_layer(gradient)) for gradient, _, _ in steps])
    norms = norms.reshape(EPOCHS, -1)
    clipped = norms > 0.12
    np.testing.assert_allclose(table["clipped_share"], clipped.mean(axis=1))
    kept = [
        (0.12 / n[a]).mean() if a.any() else np.nan for n, a in zip(norms, clipped, strict=True)
    ]
    np.testing.assert_allclose(table["kept_share"], kept, rtol=1e-4)
    np.testing.assert_allclose(table["gradient_norm"], np.median(norms, axis=1), rtol=1e-4)
    np.testing.assert_allclose(table["gradient_peak"], norms.max(axis=1), rtol=1e-4)


def made_weights(problem, kernel, biases):
    """Return weights of one hidden layer whose kernel is small noise times `kernel`."""
    plan = problem.build_plan()
    weights = draw_initial_weights(plan.architecture, range(len(biases)))
    weights[0] *= kernel
    weights[1][:, 0] = biases
    return weights


def test_dead_relu_units_are_counted_exactly():
    problem = make_problem(hidden=(8,), activation="relu")
    alive, dead = [100.0] * 8, [-100.0, 100.0, -100.0, 100.0, -100.0, 100.0, 100.0, 100.0]
    weights = made_weights(problem, 1.0, [alive, dead])
    share, saturated = UnitActivity(problem, problem.build_plan(), 2).compute_shares(weights)
    np.testing.assert_allclose(share, [[0.0, np.nan], [3 / 8, np.nan]])
    assert np.isnan(saturated).all()


@pytest.mark.parametrize(("activation", "low"), [("sigmoid", 0.0), ("tanh", -1.0)])
def test_saturated_activations_are_counted_exactly(activation, low):
    problem = make_problem(hidden=(4,), activation=activation)
    weights = made_weights(problem, 1e-3, [[0.0] * 4, [0.0, 9.0, -9.0, 0.0]])
    dead, saturated = UnitActivity(problem, problem.build_plan(), 2).compute_shares(weights)
    np.testing.assert_allclose(saturated[:, 0], [0.0, 0.5])
    assert (dead[:, 0] < 1).all()


def test_the_cure_is_measured_beside_the_network_unless_it_is_the_network(monkeypatch):
    def no_training(problem, regressor, *, epochs):
        table = pd.DataFrame([regressor.get_params()]).assign(epochs=epochs)
        return {"networks": table}

    monkeypatch.setattr(gradient_flow, "measure_regressor_flow", no_training)
    both = measure_gradient_flow(make_problem(), epochs=7)["networks"]
    assert both["network"].tolist() == ["configured", "relu, he"]
    assert both["activation"].tolist() == ["swish", "relu"]
    assert both["initialisation"].tolist() == ["glorot", "he"]
    cured = measure_gradient_flow(make_problem(activation="relu", initialisation="he"))["networks"]
    assert cured["network"].tolist() == ["configured"]


def test_a_network_without_hidden_layers_can_be_watched():
    tables = measure_regressor_flow(make_problem(hidden=()), epochs=2)
    assert tables["layers"]["place"].tolist() == ["output"] * 4
    assert (tables["epochs"]["first_to_last"] == 1).all()
