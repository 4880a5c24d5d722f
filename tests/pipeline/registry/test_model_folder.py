"""A model on disk: a loaded model forecasts bit for bit as the saved one."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from volcast.models.forecast_intervals import ERROR_COLUMNS, compute_intervals
from volcast.models.insanity_filter import Bounds
from volcast.models.network import Network
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.pipeline.errors import RegistryError
from volcast.pipeline.registry.model_folder import StoredModel, load_model, save_model


def make_past_errors(rng):
    days = pd.date_range("2017-01-02", periods=60, freq="B", unit="us")
    parts = [
        {"model": model, "horizon": horizon, "ticker": ticker, "origin": days[:-1]}
        for model in ("network", "har")
        for horizon in (1, 5)
        for ticker in ("AAA", "^GSPC")
    ]
    table = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    table["target_end"] = np.tile(days[1:], len(parts))
    return table.assign(
        short_history=table["ticker"] == "AAA", log_error=rng.normal(size=len(table))
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3)).astype(np.float32)
    y = np.exp(x[:, :2] - 9 + 0.3 * rng.normal(size=(400, 2)))
    regressor = KerasVolatilityRegressor(epochs=2, members=2, hidden=(4,), anchor=[0], purge=0)
    regressor.fit(x, y)
    low = rng.random((2, 2)) * 1e-5
    model = StoredModel(
        network=Network(regressor),
        bounds=Bounds(low, low + 1e-3),
        tickers=("AAA", "^GSPC"),
        features=("har_1", "har_5", "har_22"),
        horizons=(1, 5),
        past_errors=make_past_errors(rng),
        trained_through=dt.date(2018, 1, 2),
    )
    folder = tmp_path_factory.mktemp("model") / "model"
    save_model(folder, model)
    return folder, model, x


def test_a_loaded_model_forecasts_bit_for_bit_the_same(saved):
    folder, model, x = saved
    loaded = load_model(folder)
    assert (loaded.network.regressor.predict(x) == model.network.regressor.predict(x)).all()
    assert (loaded.bounds.low == model.bounds.low).all()
    assert (loaded.bounds.high == model.bounds.high).all()
    pd.testing.assert_frame_equal(loaded.past_errors, model.past_errors)
    for name in ("tickers", "features", "horizons", "trained_through"):
        assert getattr(loaded, name) == getattr(model, name)


def test_a_model_is_keras_json_and_parquet_alone(saved):
    names = {file.suffix for file in saved[0].rglob("*") if file.is_file()}
    assert names == {".keras", ".json", ".parquet"}


@pytest.mark.parametrize("change", ["missing", "cut", "format", "network", "errors"])
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
    elif change == "errors":
        (folder / "past_errors.parquet").write_bytes(b"PAR1")
    else:
        (folder / "regressor" / "network.keras").write_bytes(b"")
    with pytest.raises(RegistryError, match=r"(json|keras|parquet) is missing or damaged"):
        load_model(folder)


def test_errors_that_were_stored_before_short_histories_were_forecast_are_of_long_ones(
    saved, tmp_path
):
    folder = tmp_path / "model"
    older = saved[1].past_errors.drop(columns="short_history")
    save_model(folder, replace(saved[1], past_errors=older))
    errors = load_model(folder).past_errors
    pd.testing.assert_frame_equal(errors, older.assign(short_history=False)[ERROR_COLUMNS])


def test_a_model_of_the_first_format_keeps_its_undated_errors(saved, tmp_path):
    folder = tmp_path / "model"
    save_model(folder, saved[1])
    (folder / "past_errors.parquet").unlink()
    path = folder / "forecast.json"
    old = {"log_residuals": {"1": [0.1] * 80}, "har_log_residuals": {"1": [0.2] * 600}}
    path.write_text(json.dumps(json.loads(path.read_text()) | old | {"format": 1}))
    errors = load_model(folder).past_errors
    assert list(errors.columns) == ERROR_COLUMNS
    assert errors["model"].value_counts().to_dict() == {"har": 500, "network": 80}
    assert not errors.duplicated(["model", "horizon", "ticker", "origin"]).any()
    assert errors["target_end"].max() == pd.Timestamp(saved[1].trained_through)
    now = pd.DataFrame(
        {
            **{"model": "network", "horizon": 1, "ticker": ["AAA"], "log_error": np.nan},
            "origin": pd.Timestamp("2018-01-03"),
            "target_end": pd.Timestamp("2018-01-04"),
        }
    )
    found = compute_intervals(pd.concat([errors, now], ignore_index=True), 0.9).iloc[-1]
    assert found["log_lower"] <= 0 < found["log_upper"]
