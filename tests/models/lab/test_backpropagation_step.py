"""One step of the 2-1-1 network against arithmetic written out again."""

import math

import pytest

from volcast.models.lab import (
    backpropagation_step,
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
