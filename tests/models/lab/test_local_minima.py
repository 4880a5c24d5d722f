"""The surface with two minima, and the ends of its paths."""

import numpy as np

from volcast.models.lab import (
    local_minima,
)


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
