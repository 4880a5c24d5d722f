"""Shares of credit."""

import numpy as np
import pytest

from volcast.models.lab import (
    credit_assignment,
)


def test_shares_of_credit_add_up_and_foretell_the_fall(tables):
    weights = tables["credit"]["weights"]
    assert weights["share"].sum() == pytest.approx(1.0)
    np.testing.assert_allclose(weights["foretold"], weights["fall"], rtol=0.01)
    neurons = tables["credit"]["neurons"].set_index("name")
    row = weights[weights["name"] == "h₃ → ŷ"].iloc[0]
    by_rule = neurons.loc["ŷ", "delta"] * neurons.loc["h₃", "activation"]
    assert row["gradient"] == pytest.approx(by_rule, rel=1e-12)
    assert len(neurons) == sum(credit_assignment.SIZES)
