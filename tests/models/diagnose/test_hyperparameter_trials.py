"""Trials: what the regressor does with their settings."""

import numpy as np
import pandas as pd
import pytest

from tests.models.diagnose.samples import HELD_OUT, LATER, SETTINGS, TRAIN, make_part
from volcast.models.regressor.estimator import KerasVolatilityRegressor


@pytest.mark.slow
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
