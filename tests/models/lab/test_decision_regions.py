"""Margins of decision regions."""

import numpy as np


def test_the_margins_of_a_region_say_who_leads(tables):
    regions = tables["xor"]["regions"]
    np.testing.assert_allclose(regions["margin_0"], -regions["margin_1"], atol=1e-12)
    corner = regions[(regions["x"] - 1.0).abs().lt(1e-9) & regions["y"].abs().lt(1e-9)]
    assert corner["margin_1"].item() > 0
