"""Run by the tests in a fresh process: `python -m tests...other_process WHAT FOLDER`."""

import sys
from pathlib import Path

import numpy as np

from tests.models.samples import make_rows
from volcast.models.regressor.estimator import KerasVolatilityRegressor

PARAMETERS = {
    **{"learning_rate": 0.03, "hidden": (4,), "members": 2, "epochs": 2},
    **{"anchor": [0], "purge": 0, "validation_fraction": 0.3},
}


def forecast_again(folder: Path) -> None:
    """Write what the saved regressor forecasts, and what a newly trained one does."""
    x, y = make_rows(100)
    loaded = KerasVolatilityRegressor.load(folder).predict(x)
    trained = KerasVolatilityRegressor(**PARAMETERS).fit(x, y).predict(x)
    np.savez(folder / "forecasts.npz", loaded=loaded, trained=trained)


def list_keras(folder: Path) -> None:
    """Print which of Keras and TensorFlow were imported to load and forecast."""
    x = make_rows(100)[0]
    regressor = KerasVolatilityRegressor.load(folder)
    regressor.predict(x)
    regressor.predict_members(x)
    print(*({"keras", "tensorflow"} & sys.modules.keys()))


def walk_forward(folder: Path) -> None:
    """Train on growing folds at several rates, then once with another batch size."""
    for count, rate in ((60, 1e-3), (100, 1e-2), (700, 1e-4)):
        KerasVolatilityRegressor(**PARAMETERS | {"learning_rate": rate}).fit(*make_rows(count))
    (folder / "between").write_text("one program so far", encoding="utf-8")
    KerasVolatilityRegressor(batch_size=16, **PARAMETERS).fit(*make_rows(60))


if __name__ == "__main__":
    actions = {"forecast": forecast_again, "modules": list_keras, "walk": walk_forward}
    actions[sys.argv[1]](Path(sys.argv[2]))
