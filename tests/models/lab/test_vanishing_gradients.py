"""The share of a gradient that passes through many layers."""

from volcast.models.lab import (
    vanishing_gradients,
)


def test_sigmoids_make_gradients_vanish_and_relus_do_not(tables):
    left = tables["vanishing"]["gradients"].set_index(["activation", "depth"])
    for depth in vanishing_gradients.DEPTHS:
        assert left.loc[("sigmoid", depth), "bound"] == 0.25**depth
        assert 1e-2 * 0.25**depth < left.loc[("sigmoid", depth), "left"] < 2 * 0.25**depth
        assert 0.3 < left.loc[("relu", depth), "left"] < 3.0
        assert left.loc[("tanh", depth), "left"] > 0.1
