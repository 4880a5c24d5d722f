"""The gradient checks of the lab."""

from volcast.models.backprop.gradient_check import TOLERANCE
from volcast.models.lab import (
    gradient_checks,
)


def test_every_gradient_of_the_lab_is_right_and_the_planted_one_is_found(tables):
    table = tables["checks"]["checks"]
    planted = table["subject"] == gradient_checks.PLANTED
    assert planted.sum() == 1
    assert (table.loc[~planted, "error"] < TOLERANCE / 10).all()
    assert table.loc[planted, "error"].item() > 1000 * TOLERANCE
    assert list(table["passed"]) == list(~planted)
