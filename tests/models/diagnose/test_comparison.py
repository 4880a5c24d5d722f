"""Optimizers, batch sizes and learning rates compared."""

import numpy as np
import pytest

from tests.models.diagnose.samples import TRAIN
from volcast.models.diagnose.comparison import (
    compare_batch_sizes,
    compare_learning_rates,
    compare_optimizers,
    list_optimizer_rates,
)
from volcast.models.diagnose.hyperparameter_trials import run_trials
from volcast.models.training_options import OPTIMIZERS


@pytest.mark.slow
def test_each_optimizer_is_there_once_at_its_best_rate(problem):
    trials = compare_optimizers(problem, seeds=2)
    names = list(trials.together["trial"])
    assert [name.split(",")[0] for name in names] == list(list_optimizer_rates())
    assert list_optimizer_rates().keys() == OPTIMIZERS.keys()
    assert set(trials.curves["trial"]) == set(trials.outcomes["trial"]) == set(names)
    sgd = next(name for name in names if name.startswith("sgd"))
    rates = {
        f"sgd, rate {rate:g}": {"learning_rate": rate} for rate in (0.003, 0.01, 0.03, 0.1, 0.3)
    }
    every = {name: {**one, "optimizer": "sgd", "members": 2} for name, one in rates.items()}
    losses = run_trials(problem, every).outcomes.groupby("trial")["validation"].mean()
    assert losses.idxmin() == sgd


def test_batch_sizes_end_with_the_full_batch_and_leave_out_larger_ones(problem):
    names = list(compare_batch_sizes(problem, (64, 600), seeds=1).together["trial"])
    assert names == ["batch 64", f"full batch, {TRAIN}"]


@pytest.mark.slow
def test_a_rate_that_ruins_training_leaves_the_untrained_network(problem):
    outcomes = compare_learning_rates(problem, (1e-3, 1e30), seeds=2).outcomes
    ruined = outcomes[outcomes["trial"] == "rate 1e+30"]
    assert (ruined["best_epoch"] == 0).all()
    np.testing.assert_allclose(ruined["ratio"], 1.0)  # the untrained network's
