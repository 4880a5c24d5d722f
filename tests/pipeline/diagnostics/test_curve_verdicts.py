"""Forty trainings provoked into a known state, and what the verdicts call them."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.pipeline.backtest.training_curves import build_training_curves
from volcast.reports.training.curve_verdicts import (
    CONVERGED,
    DEAD,
    DIVERGING,
    OVERFITTING,
    STILL_IMPROVING,
    UNDERFITTING,
    WORSE_THAN_START,
    judge_folds,
)

TRAIN, HELD_OUT, FEATURES = 1500, 400, 12
STILL = {STILL_IMPROVING, UNDERFITTING}  # how far a slow training came is a matter of degree
HEALTHY = {CONVERGED, STILL_IMPROVING}

FEW = {"rows": 2, "epochs": 60, "patience": 20}
LARGE = {"hidden": (128, 64), "patience": 30, "learning_rate": 0.003}
PROVOKED = [
    ({}, HEALTHY),
    ({"seed": 50}, HEALTHY),
    ({"data": 1}, HEALTHY),
    ({"data": 2}, HEALTHY),
    ({"data": 3}, HEALTHY),
    ({"batch_size": 16, "learning_rate": 3e-4}, HEALTHY),
    ({"batch_size": 256, "learning_rate": 3e-3}, HEALTHY),
    ({"optimizer": "sgd", "learning_rate": 0.1}, HEALTHY),
    ({"optimizer": "nesterov", "learning_rate": 0.01}, HEALTHY),
    ({"optimizer": "rmsprop"}, HEALTHY),
    ({"activation": "relu"}, HEALTHY),
    ({"activation": "tanh", "l2": 1e-4}, HEALTHY),
    ({"loss": "mse"}, HEALTHY),
    ({"schedule": "cosine"}, HEALTHY),
    ({"dropout": 0.1}, HEALTHY),
    ({"learning_rate": 10.0}, {DIVERGING}),
    ({"learning_rate": 100.0}, {DIVERGING}),
    ({"learning_rate": 10.0, "activation": "relu"}, {DIVERGING}),
    ({"learning_rate": 10.0, "optimizer": "sgd"}, {DIVERGING}),
    ({"learning_rate": 1e3, "optimizer": "sgd", "clipping": "none"}, {DIVERGING}),
    ({"learning_rate": 1e30, "optimizer": "sgd", "clipping": "none"}, {DIVERGING}),
    ({"learning_rate": 1e-7}, {UNDERFITTING}),
    ({"learning_rate": 1e-6}, {UNDERFITTING}),
    ({"learning_rate": 1e-7, "batch_size": 8, "epochs": 20}, {UNDERFITTING}),
    ({"learning_rate": 1e-6, "optimizer": "sgd"}, {UNDERFITTING}),
    ({"learning_rate": 1e-7, "optimizer": "rmsprop"}, {UNDERFITTING}),
    ({"learning_rate": 1e-4, "epochs": 8}, STILL),
    ({"learning_rate": 3e-5}, STILL),
    ({"epochs": 4, "batch_size": 256}, STILL),
    (FEW, {OVERFITTING}),
    (FEW | {"rows": 10}, {OVERFITTING}),
    (FEW | {"rows": 40}, {OVERFITTING}),
    (LARGE, {OVERFITTING}),
    (LARGE | {"rows": 300}, {OVERFITTING}),
    ({"noise_only": True, "patience": 3}, {WORSE_THAN_START, UNDERFITTING}),
    ({"noise_only": True, "patience": 3, "data": 4}, {WORSE_THAN_START, UNDERFITTING}),
    ({"constant": True}, {DEAD}),
    ({"activation": "sigmoid", "hidden": (16,) * 10}, {DEAD}),
    ({"l2": 10.0}, {DEAD}),
    ({"learning_rate": 1.0, "activation": "relu", "patience": 15}, {DEAD, DIVERGING}),
]


def make_rows(count, seed, *, noise_only=False, constant=False):
    """Return inputs whose first column is HAR's, and a variance with a curved signal beyond it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, FEATURES))
    signal = 0.0 if noise_only else 0.4 * x[:, 1] + 0.3 * x[:, 2] * x[:, 3] + 0.2 * x[:, 4] ** 2
    log_variance = 0.6 * x[:, 0] + signal
    variance = 1e-4 * np.exp(log_variance) * rng.chisquare(4, count) / 4
    if constant:
        x[:] = 1.0
    return x, variance


def verdict_on(settings):
    """Train with the settings and return what the verdict calls it."""
    own = {"rows": TRAIN, "data": 0, "noise_only": False, "constant": False}
    chosen = {key: settings.get(key, value) for key, value in own.items()}
    kind = {key: chosen[key] for key in ("noise_only", "constant")}
    x, y = make_rows(TRAIN + HELD_OUT, chosen["data"], **kind)
    defaults = {"members": 4, "batch_size": 32, "anchor": [0]}
    given = {key: value for key, value in settings.items() if key not in own}
    regressor = KerasVolatilityRegressor(**defaults | given)
    rows = slice(TRAIN - chosen["rows"], TRAIN)
    if chosen["rows"] < 3 or chosen["constant"]:
        regressor.set_params(anchor=None)  # nothing to regress on
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        regressor.fit(x[rows], y[rows], validation_data=(x[TRAIN:], y[TRAIN:]))
    history = build_training_curves(regressor, 0, [1])
    return judge_folds(history, regressor.epochs).iloc[0]


@pytest.mark.slow
def test_provoked_trainings_get_their_names_and_no_healthy_one_is_called_sick():
    assert len(PROVOKED) == 40
    wrong = []
    for settings, accepted in PROVOKED:
        found = verdict_on(settings)
        if found["verdict"] not in accepted:
            wrong.append((settings, sorted(accepted), found["verdict"], found["words"]))
    assert not [case for case in wrong if set(case[1]) == HEALTHY], wrong
    assert len(wrong) <= 4, wrong
