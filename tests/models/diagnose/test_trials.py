import numpy as np
import pandas as pd
import pytest

from tests.models.diagnose.samples import HELD_OUT, LATER, TRAIN, make_part, make_problem
from volcast.models.diagnose.comparison import (
    compare_batch_sizes,
    compare_learning_rates,
    compare_optimizers,
    list_optimizer_rates,
)
from volcast.models.diagnose.hyperparameter_trials import run_trials
from volcast.models.diagnose.settings_map import map_settings
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.training_options import OPTIMIZERS

SETTINGS = {
    "slow": {"learning_rate": 1e-4},
    "fast": {"learning_rate": 1e-2},
    "sgd": {"optimizer": "sgd", "learning_rate": 0.1},
    "mse": {"loss": "mse", "learning_rate": 1e-2},
}


@pytest.fixture(scope="module")
def problem():
    return make_problem()


@pytest.fixture(scope="module")
def trials(problem):
    return run_trials(problem, SETTINGS)


def test_trials_keep_their_order_and_their_members(trials):
    assert list(trials.together["trial"]) == list(SETTINGS)
    assert list(trials.outcomes["trial"]) == [name for name in SETTINGS for _ in range(3)]
    assert (trials.together["ms_per_epoch"] > 0).all()


@pytest.mark.parametrize("name", ["fast", "sgd", "mse"])
def test_a_trial_is_what_the_regressor_does_with_its_settings(problem, trials, name):
    defaults = problem.regressor.get_params()
    regressor = KerasVolatilityRegressor(**defaults | SETTINGS[name] | {"level_trust": 0.0})
    if name == "mse":
        regressor.set_params(level_trust=1.0)  # what makes a mean of the median
    train, held_out, (x, y) = (make_part(n, s) for s, n in enumerate((TRAIN, HELD_OUT, LATER)))
    regressor.fit(*train, validation_data=held_out)
    error = np.log(y) - np.log(regressor.predict(x))
    har = np.log(y) - regressor.inputs_.transform(x)[1]
    expected = qlike(error) / qlike(har)
    found = trials.together.set_index("trial").loc[name, "ratio"]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    outcome = trials.outcomes[trials.outcomes["trial"] == name]
    np.testing.assert_array_equal(outcome["epochs"], regressor.epochs_run_)


def qlike(error):
    return (np.exp(error) - error - 1).mean(axis=0).mean()


def test_what_learns_beats_har_and_what_crawls_does_not(trials):
    ratio = trials.outcomes.groupby("trial")["ratio"].mean()
    assert ratio["fast"] < 0.9 < ratio["slow"] < 1.01


def test_curves_start_at_har_and_end_with_the_members(trials):
    curves = trials.curves
    assert (curves[curves["epoch"] == 0][["train_loss", "val_loss"]] == 1.0).all(axis=None)
    last = curves.groupby(["trial", "member"])["epoch"].max().rename("epochs")
    outcomes = trials.outcomes.set_index(["trial", "member"])["epochs"]
    pd.testing.assert_series_equal(last.sort_index(), outcomes.sort_index())


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


def test_a_rate_that_ruins_training_is_told(problem):
    outcomes = compare_learning_rates(problem, (1e-3, 1e30), seeds=2).outcomes
    ruined = outcomes[outcomes["trial"] == "rate 1e+30"]
    assert (ruined["best_epoch"] == 0).all()
    np.testing.assert_allclose(ruined["ratio"], 1.0)  # the untrained network's
