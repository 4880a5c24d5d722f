"""The lab's experiments against arithmetic that is written out here once more."""

import math

import numpy as np
import pytest

from volcast.models.backprop.gradient_check import TOLERANCE
from volcast.models.lab import (
    backpropagation_step,
    batch_sizes,
    computation_graph,
    credit_assignment,
    gradient_checks,
    gradient_descent,
    local_minima,
    logistic_regression,
    quadratic_loss,
    softmax_classification,
    vanishing_gradients,
    xor,
)
from volcast.models.lab.experiments import EXPERIMENTS, build_all_tables


@pytest.fixture(scope="module")
def tables():
    return build_all_tables()


def test_every_experiment_gives_tables_with_rows(tables):
    assert tables.keys() == EXPERIMENTS.keys()
    for name, found in tables.items():
        assert found and all(len(table) for table in found.values()), name


@pytest.mark.parametrize("start", [5.0, 10.0])
@pytest.mark.parametrize(
    ("rate", "first", "second", "verdict"),
    [
        (0.01, 0.98, 0.9604, "slow"),
        (0.1, 0.8, 0.64, "converged"),
        (0.5, 0.0, 0.0, "converged"),
        (1.1, -1.2, 1.44, "diverged"),
    ],
)
def test_descent_on_a_parabola_by_hand(tables, start, rate, first, second, verdict):
    paths, outcomes = tables["descent"]["paths"], tables["descent"]["outcomes"]
    x = paths[(paths["start"] == start) & (paths["rate"] == rate)]["x"].to_numpy()
    np.testing.assert_allclose(x[:3], [start, first * start, second * start], rtol=1e-14)
    assert x[-1] == pytest.approx((1 - 2 * rate) ** gradient_descent.STEPS * start)
    row = outcomes[(outcomes["start"] == start) & (outcomes["rate"] == rate)].iloc[0]
    assert row["verdict"] == verdict


def test_the_steps_to_a_hundredth_are_counted_from_the_factor(tables):
    """0.8^20 is 0.0115 and 0.8^21 is 0.0092."""
    outcomes = tables["descent"]["outcomes"]
    assert set(outcomes.loc[outcomes["rate"] == 0.1, "steps"]) == {21}


def test_vanilla_descent_in_a_bowl_shrinks_each_direction_by_its_own_factor(tables):
    paths = tables["bowls"]["paths"]
    part = paths[(paths["steepness"] == 10.0) & (paths["name"] == "95% of the limit")]
    rate = 0.95 / 10.0
    steps = np.arange(len(part))
    np.testing.assert_allclose(
        part["x"], quadratic_loss.START[0] * (1 - 2 * rate) ** steps, rtol=1e-9
    )
    np.testing.assert_allclose(
        part["y"], quadratic_loss.START[1] * (1 - 20 * rate) ** steps, rtol=1e-9
    )


@pytest.mark.parametrize("steepness", quadratic_loss.STEEPNESS)
def test_above_the_limit_a_bowl_is_left_and_below_it_is_not(steepness):
    from volcast.models.backprop.optimizers import GradientDescent
    from volcast.models.lab.objective_functions import build_quadratic, descend

    function, limit = build_quadratic(steepness), quadratic_loss.compute_largest_rate(steepness)
    for share, leaves in ((1.05, True), (0.95, False)):
        values = function.value(
            descend(function, quadratic_loss.START, GradientDescent(share * limit), 400)
        )
        assert (values[-1] > values[0]) == leaves


def test_momentum_pays_in_the_steep_bowl_only(tables):
    steps = tables["bowls"]["outcomes"].set_index(["steepness", "name"])["steps"]
    assert steps[2.0, "classical momentum"] > steps[2.0, "vanilla"]
    assert steps[100.0, "classical momentum"] < quadratic_loss.STEPS
    assert math.isnan(steps[100.0, "vanilla"])


def test_both_conventions_of_momentum_take_the_same_path(tables):
    assert tables["bowls"]["momenta"]["largest_distance"].item() < 1e-12


def test_the_wells_have_two_minima_a_saddle_and_a_plateau(tables):
    places = tables["wells"]["places"]
    assert list(places["kind"]) == ["minimum", "minimum", "saddle", "plateau"]
    stationary = places[places["kind"] != "plateau"]
    assert stationary["slope"].max() < 1e-12
    saddle = places[places["kind"] == "saddle"].iloc[0]
    assert saddle["curvature_low"] < 0 < saddle["curvature_high"]
    around = local_minima.TWO_WELLS.value(np.array([[saddle["x"], saddle["y"]]]) + 0.1 * np.eye(2))
    assert saddle["value"] > places["value"][:2].max() and np.isfinite(around).all()


def test_vanilla_descent_stays_on_the_plateau_and_adam_leaves_it(tables):
    ends = tables["wells"]["outcomes"].set_index(["start", "name"])["reached"]
    assert ends["plateau", "vanilla"] == "no minimum"
    assert ends["plateau", "Adam"] == "shallower minimum"
    assert ends["slope", "vanilla"] == "deeper minimum"


def test_the_graph_has_value_21_and_gradients_3_9_6(tables):
    nodes = tables["graph"]["nodes"].set_index("name")
    assert nodes.loc["j", "value"] == 21.0
    assert nodes.loc[["a", "b", "c"], "gradient"].tolist() == [3.0, 9.0, 6.0]
    np.testing.assert_allclose(
        computation_graph.compute_numeric_gradients(), [3.0, 9.0, 6.0], rtol=1e-9
    )


def test_a_variable_used_twice_gathers_both_gradients(monkeypatch):
    twice = computation_graph.Node("u", "b b", ("b", "b"), lambda x, y: x * y, lambda x, y: (y, x))
    monkeypatch.setattr(computation_graph, "GRAPH", (twice, *computation_graph.GRAPH[1:]))
    assert (
        computation_graph.compute_gradients(
            computation_graph.compute_values(computation_graph.POINT)
        )["b"]
        == 3 * 2 * 2.0
    )


def test_the_2_1_1_network_by_an_independent_writing(tables):
    def sigmoid(z):
        return 1 / (1 + math.exp(-z))

    x1, x2, y, rate = 1.0, 2.0, 1.0, 0.5
    z1 = 0.5 * x1 + 0.5 * x2
    a1 = sigmoid(z1)
    a2 = sigmoid(0.5 * a1)
    d2 = 2 * (a2 - y) * a2 * (1 - a2)
    d1 = d2 * 0.5 * a1 * (1 - a1)
    after = {
        "w₁₁": 0.5 - rate * d1 * x1,
        "w₁₂": 0.5 - rate * d1 * x2,
        "b₁": -rate * d1,
        "w₂": 0.5 - rate * d2 * a1,
        "b₂": -rate * d2,
    }
    a1_after = sigmoid(after["w₁₁"] * x1 + after["w₁₂"] * x2 + after["b₁"])
    a2_after = sigmoid(after["w₂"] * a1_after + after["b₂"])
    steps = tables["by_hand"]["steps"].set_index(["pass", "symbol"])["value"]
    expected = {
        ("forward", "z₁"): z1,
        ("forward", "a₁"): a1,
        ("forward", "z₂"): 0.5 * a1,
        ("forward", "a₂"): a2,
        ("forward", "L"): (a2 - y) ** 2,
        ("backward", "∂L/∂a₂"): 2 * (a2 - y),
        ("backward", "∂L/∂z₂"): d2,
        ("backward", "∂L/∂w₂"): d2 * a1,
        ("backward", "∂L/∂b₂"): d2,
        ("backward", "∂L/∂a₁"): d2 * 0.5,
        ("backward", "∂L/∂z₁"): d1,
        ("backward", "∂L/∂w₁₁"): d1 * x1,
        ("backward", "∂L/∂w₁₂"): d1 * x2,
        ("backward", "∂L/∂b₁"): d1,
        **{("update", name): value for name, value in after.items()},
        ("forward again", "a₁"): a1_after,
        ("forward again", "a₂"): a2_after,
        ("forward again", "L"): (a2_after - y) ** 2,
    }
    for place, value in expected.items():
        assert steps[place] == pytest.approx(value, rel=1e-14), place
    assert len(steps) == len(expected) + 2  # z₁ and z₂ of the second pass


def test_numbers_put_into_a_formula_give_its_value(tables):
    """What the page shows beside a value is that value, worked out by Python itself."""
    for row in tables["by_hand"]["steps"].to_dict("records"):
        text = row["numbers"].replace("·", "*").replace("²", "**2")
        assert eval(text, {"exp": math.exp}) == pytest.approx(row["value"], rel=1e-14), row


def test_other_losses_take_other_steps(tables):
    losses = tables["by_hand"]["losses"].set_index("loss")
    square, half = losses.loc["(a₂ - y)²"], losses.loc["½ (a₂ - y)²"]
    assert half["delta"] == pytest.approx(square["delta"] / 2, rel=1e-14)
    forward = backpropagation_step.take_step(backpropagation_step.BINARY_CROSS_ENTROPY).before
    crossed = losses.loc["cross-entropy"]
    assert crossed["delta"] == pytest.approx(forward.a[-1].item() - 1.0, rel=1e-13)
    assert (losses["after"] < losses["before"]).all()


def test_shares_of_credit_add_up_and_foretell_the_fall(tables):
    weights = tables["credit"]["weights"]
    assert weights["share"].sum() == pytest.approx(1.0)
    np.testing.assert_allclose(weights["foretold"], weights["fall"], rtol=0.01)
    neurons = tables["credit"]["neurons"].set_index("name")
    row = weights[weights["name"] == "h₃ → ŷ"].iloc[0]
    by_rule = neurons.loc["ŷ", "delta"] * neurons.loc["h₃", "activation"]
    assert row["gradient"] == pytest.approx(by_rule, rel=1e-12)
    assert len(neurons) == sum(credit_assignment.SIZES)


def test_xor_is_solved_by_hidden_neurons_and_by_no_single_one(tables):
    seeds = tables["xor"]["seeds"]
    assert (seeds.loc[seeds["units"] == xor.HIDDEN, "right"] == 4).all()
    assert (seeds.loc[seeds["units"] == 0, "right"] < 4).all()
    assert tables["xor"]["points"]["right"].all()
    assert tables["xor"]["points"]["probability"].min() > 0.95


def test_the_margins_of_a_region_say_who_leads(tables):
    regions = tables["xor"]["regions"]
    np.testing.assert_allclose(regions["margin_0"], -regions["margin_1"], atol=1e-12)
    corner = regions[(regions["x"] - 1.0).abs().lt(1e-9) & regions["y"].abs().lt(1e-9)]
    assert corner["margin_1"].item() > 0


def test_one_neuron_finds_the_weights_of_newton_and_of_scikit_learn(tables):
    from sklearn.linear_model import LogisticRegression

    weights = tables["logistic"]["weights"]
    np.testing.assert_allclose(weights["descent"], weights["newton"], atol=1e-6)
    inputs, truth = logistic_regression.draw_rows()
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(inputs, truth[:, 0])
    expected = [*theirs.coef_[0], theirs.intercept_[0]]
    np.testing.assert_allclose(weights["newton"], expected, atol=1e-5)


def test_three_classes_are_told_apart_and_the_best_epoch_is_restored(tables):
    summary = tables["classes"]["summary"].iloc[0]
    history = tables["classes"]["history"]
    assert summary["val_accuracy"] > 0.97
    assert summary["best_epoch"] == history["val_loss"].idxmin()
    assert summary["epochs"] == summary["best_epoch"] + softmax_classification.SETTINGS.patience
    at_best = history.set_index("epoch").loc[summary["best_epoch"]]
    assert at_best["val_accuracy"] == summary["val_accuracy"]


def test_sigmoids_make_gradients_vanish_and_relus_do_not(tables):
    left = tables["vanishing"]["gradients"].set_index(["activation", "depth"])
    for depth in vanishing_gradients.DEPTHS:
        assert left.loc[("sigmoid", depth), "bound"] == 0.25**depth
        assert 1e-2 * 0.25**depth < left.loc[("sigmoid", depth), "left"] < 2 * 0.25**depth
        assert 0.3 < left.loc[("relu", depth), "left"] < 3.0
        assert left.loc[("tanh", depth), "left"] > 0.1


def test_batch_descent_is_smooth_and_stochastic_descent_is_not(tables):
    paths = tables["batches"]["paths"]
    rises = paths.groupby("way")["value"].apply(lambda loss: (loss.diff() > 0).sum())
    assert rises["batch"] == 0
    assert rises["stochastic"] > rises["mini-batch"]
    x, truth = batch_sizes.draw_line_rows()
    slope, intercept = np.polyfit(x[:, 0], truth[:, 0], 1)
    best = np.mean((slope * x + intercept - truth) ** 2)
    assert paths.groupby("way")["value"].last()["batch"] == pytest.approx(best, rel=1e-3)
    assert paths["value"].min() >= best


def test_a_larger_batch_is_behind_by_epoch_at_the_same_rate(tables):
    sizes = tables["batches"]["sizes"].set_index("batch_size")
    assert list(sizes["steps_an_epoch"]) == [32, 8, 2]
    assert sizes.loc[256, "median"] > 2 * sizes.loc[16, "median"]


def test_every_gradient_of_the_lab_is_right_and_the_planted_one_is_found(tables):
    table = tables["checks"]["checks"]
    planted = table["subject"] == gradient_checks.PLANTED
    assert planted.sum() == 1
    assert (table.loc[~planted, "error"] < TOLERANCE / 10).all()
    assert table.loc[planted, "error"].item() > 1000 * TOLERANCE
    assert list(table["passed"]) == list(~planted)
