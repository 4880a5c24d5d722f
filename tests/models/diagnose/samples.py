"""A small training problem whose answer is known: a curved signal beyond HAR."""

import numpy as np

from volcast.models.diagnose.training_problem import build_training_problem
from volcast.models.regressor.estimator import KerasVolatilityRegressor

FEATURES, TRAIN, HELD_OUT, LATER = 6, 500, 150, 250
SETTINGS = {
    "slow": {"learning_rate": 1e-4},
    "fast": {"learning_rate": 1e-2},
    "sgd": {"optimizer": "sgd", "learning_rate": 0.1},
    "mse": {"loss": "mse", "learning_rate": 1e-2},
}


def make_part(count, seed, horizons=2):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, FEATURES)).astype(np.float32)
    log_variance = 0.6 * x[:, 0] + 0.5 * x[:, 1] + 0.4 * x[:, 2] * x[:, 3] - 9.0
    noise = rng.chisquare(6, (count, horizons)) / 6
    return x, np.exp(log_variance)[:, None] * noise


def make_problem(**settings):
    defaults = {"anchor": [0], "members": 3, "batch_size": 32, "hidden": (8,), "epochs": 12}
    regressor = KerasVolatilityRegressor(**defaults | settings)
    parts = (make_part(count, seed) for seed, count in enumerate((TRAIN, HELD_OUT, LATER)))
    return build_training_problem(regressor, *parts)
