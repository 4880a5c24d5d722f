"""A model on disk: a loaded model forecasts bit for bit as the saved one."""

import datetime as dt
import json

import numpy as np
import pytest

from volcast.models.insanity_filter import Bounds
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.pipeline.errors import RegistryError
from volcast.pipeline.registry.model_folder import StoredModel, load_model, save_model


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3)).astype(np.float32)
    y = np.exp(x[:, :2] - 9 + 0.3 * rng.normal(size=(400, 2)))
    regressor = KerasVolatilityRegressor(epochs=2, members=2, hidden=(4,), anchor=[0], purge=0)
    regressor.fit(x, y)
    low = rng.random((2, 2)) * 1e-5
    model = StoredModel(
        regressor=regressor,
        bounds=Bounds(low, low + 1e-3),
        tickers=("AAA", "^GSPC"),
        features=("har_1", "har_5", "har_22"),
        horizons=(1, 5),
        log_residuals={1: rng.normal(size=60), 5: rng.normal(size=50)},
        har_log_residuals={1: rng.normal(size=70), 5: rng.normal(size=40)},
        trained_through=dt.date(2018, 1, 2),
    )
    folder = tmp_path_factory.mktemp("model") / "model"
    save_model(folder, model)
    return folder, model, x


def test_a_loaded_model_forecasts_bit_for_bit_the_same(saved):
    folder, model, x = saved
    loaded = load_model(folder)
    assert (loaded.regressor.predict(x) == model.regressor.predict(x)).all()
    assert (loaded.bounds.low == model.bounds.low).all()
    assert (loaded.bounds.high == model.bounds.high).all()
    for name in ("log_residuals", "har_log_residuals"):
        for horizon, residuals in getattr(model, name).items():
            assert (getattr(loaded, name)[horizon] == residuals).all()
    for name in ("tickers", "features", "horizons", "trained_through"):
        assert getattr(loaded, name) == getattr(model, name)


def test_a_model_is_keras_and_json_alone(saved):
    names = {file.suffix for file in saved[0].rglob("*") if file.is_file()}
    assert names == {".keras", ".json"}


@pytest.mark.parametrize("change", ["missing", "cut", "format", "network"])
def test_a_damaged_model_is_reported(change, saved, tmp_path):
    folder = tmp_path / "model"
    save_model(folder, saved[1])
    rest = folder / "forecast.json"
    if change == "missing":
        rest.unlink()
    elif change == "cut":
        rest.write_text(rest.read_text()[:-40])
    elif change == "format":
        rest.write_text(json.dumps(json.loads(rest.read_text()) | {"format": 0}))
    else:
        (folder / "regressor" / "network.keras").write_bytes(b"")
    with pytest.raises(RegistryError, match=r"(forecast.json|network.keras) is missing or damaged"):
        load_model(folder)
