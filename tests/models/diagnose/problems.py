"""A problem so small that a naive loop can retrace every step: two horizons, four features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volcast.models.diagnose.training_problem import TrainingProblem, build_training_problem
from volcast.models.regressor.estimator import KerasVolatilityRegressor

FEATURES, HORIZONS = 4, 2
PARTS = {"training": 150, "validation": 60, "test": 40}
SETTINGS = {"hidden": (8, 4), "members": 2, "batch_size": 32, "epochs": 4, "learning_rate": 0.01}


def make_problem(**settings) -> TrainingProblem:
    """Return a problem whose log variance is a curve of two features, plus noise."""
    rng = np.random.default_rng(3)
    parts = []
    for count in PARTS.values():
        x = rng.normal(size=(count, FEATURES))
        signal = 0.6 * x[:, :1] + 0.4 * x[:, 1:2] ** 2
        parts.append((x, np.exp(-9.0 + signal + 0.5 * rng.normal(size=(count, HORIZONS)))))
    return build_training_problem(KerasVolatilityRegressor(**SETTINGS | settings), *parts)


def with_settings(problem: TrainingProblem, **settings) -> TrainingProblem:
    return replace(problem, regressor=problem.configure(**settings))
