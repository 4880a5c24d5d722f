"""The landscape: planes by hand, losses against a naive reference, paths against the engine."""

import numpy as np
import pytest

from tests.models.diagnose.problems import make_problem
from volcast.models.diagnose import landscape
from volcast.models.diagnose.landscape import (
    RATES,
    LossEvaluator,
    count_stable_epochs,
    measure_landscape,
    record_training_paths,
)
from volcast.models.diagnose.weight_planes import fit_path_plane
from volcast.models.engine.stacked_network import (
    build_stack,
    compute_outputs,
    set_weights,
    unflatten_weights,
)
from volcast.models.engine.training import train

SIZE = 9


@pytest.fixture(scope="module")
def problem():
    return make_problem(dropout=0.1, epochs=12, patience=3, learning_rate=0.06)


@pytest.fixture(scope="module")
def tables(problem):
    return measure_landscape(problem, size=SIZE)


def naive_loss(problem, weights, numbers):
    stack = build_stack(problem.build_plan().architecture, 1)
    set_weights(
        stack,
        unflatten_weights(weights[None].astype(np.float32), problem.build_plan().architecture),
    )
    rows = problem.rows
    error = (
        rows.target[numbers]
        - rows.anchor[numbers]
        - compute_outputs(stack, rows.inputs[numbers])[0]
    )
    return float((np.exp(error) - error - 1.0).mean())


def test_losses_of_many_networks_are_those_of_each_alone(problem):
    size = sum(int(np.prod(shape)) for shape in problem.build_plan().architecture.shapes())
    weights = 0.2 * np.random.default_rng(1).normal(size=(35, size))
    found = LossEvaluator(problem, problem.build_plan()).evaluate(weights)
    for part, numbers in (("training", problem.training), ("validation", problem.validation)):
        expected = [naive_loss(problem, one, numbers) for one in weights[[0, 1, 34]]]
        np.testing.assert_allclose(found[part][[0, 1, 34]], expected, rtol=1e-5)


def test_the_path_is_that_of_the_run_s_first_member(problem, tables):
    run = train(problem.rows, problem.build_members(), problem.build_plan())
    epochs = run.epochs_run[0] + 1
    rate = problem.regressor.learning_rate
    path = tables["path"].query("plane == 'path'")
    assert (path["learning_rate"] == rate).all()
    assert path["epoch"].tolist() == list(range(epochs))
    np.testing.assert_allclose(path["validation_loss"], run.val_loss[:epochs, 0], rtol=1e-5)


def test_the_centre_is_the_network_of_the_best_epoch_and_lies_on_every_surface(problem, tables):
    run = train(problem.rows, problem.build_members(), problem.build_plan())
    best = 1 + int(np.nanargmin(run.val_loss[1:, 0]))
    assert 1 < best < run.epochs_run[0], "the best epoch must be neither first nor last"
    centre = tables["path"].query("centre")
    assert (centre["epoch"] == best).all()
    assert centre["plane"].tolist() == ["random", "path", "rates"]
    np.testing.assert_allclose(centre[["x", "y", "distance"]], 0.0, atol=1e-6)
    np.testing.assert_allclose(centre["validation_loss"], run.val_loss[best, 0], rtol=1e-5)
    middle = tables["surface"].query("plane == 'random' and x == 0 and y == 0").set_index("part")
    for part in ("training", "validation"):
        expected = centre[f"{part}_loss"].iloc[0]
        assert middle.loc[part, "loss"] == pytest.approx(expected, rel=1e-6)


def test_rates_share_their_start_and_the_surface_holds_all_paths(problem, tables):
    path = tables["path"].query("plane == 'rates'")
    rate = problem.regressor.learning_rate
    assert path["learning_rate"].unique() == pytest.approx([share * rate for share in RATES])
    starts = path.query("epoch == 0")
    assert starts["x"].nunique() == starts["training_loss"].nunique() == 1
    surface = tables["surface"].query("plane == 'rates'")
    for axis in "xy":
        assert surface[axis].min() < path[axis].min() < path[axis].max() < surface[axis].max()


def test_the_table_tells_the_loss_of_true_weights_from_that_on_the_plane(problem, tables):
    walk = record_training_paths(problem)[0]
    plane = fit_path_plane(walk.weights[walk.best_epoch], walk.weights, problem.regressor.seed)
    path = tables["path"].query("plane == 'path'")
    farthest = int(path["distance"].argmax())
    row, true = path.iloc[farthest], walk.weights[farthest]
    near = plane.compute_weights(row[["x", "y"]].to_numpy(float)[None])[0]
    assert row["distance"] == pytest.approx(np.linalg.norm(true - near), rel=1e-5)
    assert row["distance"] > 0.05
    for point, column in ((true, "loss"), (near, "loss_on_plane")):
        expected = naive_loss(problem, point, problem.training)
        assert row[f"training_{column}"] == pytest.approx(expected, rel=1e-5)


def test_the_surface_of_a_linear_network_with_squared_loss_is_a_paraboloid():
    tables = measure_landscape(make_problem(hidden=(), loss="mse"), size=SIZE)
    for _, part in tables["surface"].groupby(["plane", "part"]):
        x, y = part["x"].to_numpy(), part["y"].to_numpy()
        terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
        fitted = terms @ np.linalg.lstsq(terms, part["loss"].to_numpy())[0]
        np.testing.assert_allclose(part["loss"], fitted, rtol=1e-4)
        assert np.ptp(fitted) > 1e-3


def test_a_training_that_diverges_at_once_is_refused_with_a_remedy():
    hopeless = make_problem(learning_rate=1e30, optimizer="sgd", clipping="none")
    with pytest.raises(ValueError, match=r"diverged in its first epoch.*lower learning_rate"):
        measure_landscape(hopeless, size=3)


@pytest.mark.parametrize(
    ("loss", "weight", "epochs"),
    [
        ([0.5, 0.4, 0.6, 0.7], 1.0, 4),
        ([0.5, 0.4, 5.1, 0.4], 1.0, 2),
        ([0.5, np.nan, 0.4, 0.4], 1.0, 1),
        ([0.5, 0.4, 0.4, 0.4], np.inf, 3),
    ],
)
def test_a_path_ends_where_its_training_runs_away(loss, weight, epochs):
    weights = np.ones((4, 2))
    weights[3, 1] = weight
    assert count_stable_epochs(weights, np.array(loss)) == epochs


def test_rows_are_thinned_evenly(monkeypatch, problem):
    monkeypatch.setattr(landscape, "MOST_ROWS", 5)
    losses = LossEvaluator(problem, problem.build_plan())
    assert losses.numbers["training"].tolist() == [0, 37, 74, 111, 149]
