"""The map of learning rate and batch size."""

import numpy as np
import pytest

from tests.models.diagnose.samples import TRAIN, make_problem
from volcast.models.diagnose.hyperparameter_trials import run_trials
from volcast.models.diagnose.settings_map import map_settings


@pytest.mark.slow
def test_the_map_has_every_cell_and_every_seed(problem):
    found = map_settings(problem, rates=(1e-3, 1e-2), batch_sizes=(16, 64, 100_000), seeds=2)
    cells = set(zip(found.cells["learning_rate"], found.cells["batch_size"], strict=True))
    assert cells == {(rate, size) for rate in (1e-3, 1e-2) for size in (16, 64, TRAIN)}
    assert len(found.seeds) == 2 * 6
    one = found.seeds.query("learning_rate == 0.01 and batch_size == 64")["ratio"]
    alone = run_trials(problem, {"x": {"learning_rate": 0.01, "batch_size": 64, "members": 2}})
    np.testing.assert_allclose(one, alone.outcomes["ratio"], rtol=1e-5)


def test_the_map_goes_from_a_thirtieth_to_ten_times_the_configured_rate():
    found = map_settings(make_problem(learning_rate=0.02, epochs=1), batch_sizes=(64,), seeds=1)
    rates = sorted(set(found.seeds["learning_rate"]))
    np.testing.assert_allclose(rates, [0.0006, 0.002, 0.006, 0.02, 0.06, 0.2])
