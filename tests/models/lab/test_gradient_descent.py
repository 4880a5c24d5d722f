"""Gradient descent on a parabola, worked by hand."""

import numpy as np
import pytest

from volcast.models.lab import (
    gradient_descent,
)


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
