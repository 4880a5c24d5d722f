"""The initial weights of stacked networks."""

import numpy as np
import pytest

from tests.models.diagnose.problems import make_problem
from volcast.models.engine.stacked_network import draw_initial_weights


@pytest.mark.parametrize(
    ("scheme", "limit"), [("glorot", (6 / (4 + 300)) ** 0.5), ("he", (6 / 4) ** 0.5)]
)
def test_first_weights_are_uniform_up_to_the_scheme_s_limit(scheme, limit):
    plan = make_problem(hidden=(300,), initialisation=scheme).build_plan()
    assert plan.initialisation == scheme
    kernel = draw_initial_weights(plan.architecture, [7], scheme)[0][0]
    expected = np.random.default_rng(7).uniform(-limit, limit, (4, 300))
    np.testing.assert_array_equal(kernel, expected.astype(np.float32))
