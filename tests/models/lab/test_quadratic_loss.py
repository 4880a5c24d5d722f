"""Quadratic losses: factors, the largest rate, and momentum."""

import math

import numpy as np
import pytest

from volcast.models.lab import (
    quadratic_loss,
)


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
