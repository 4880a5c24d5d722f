"""A regressor on disk: the same forecasts anywhere, and a clear word about a damaged file."""

import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from tests.models.regressor.other_process import PARAMETERS
from tests.models.samples import make_rows
from volcast.models.backend import keras
from volcast.models.engine.losses import qlike
from volcast.models.engine.stacked_network import compute_outputs
from volcast.models.regressor import keras_file
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.regressor.storage import NETWORK, STATE

# Written by volcast 0.1 with Keras 3.15.1: KerasVolatilityRegressor(0.03, hidden=(4, 3), members=2,
# epochs=4, anchor=[0], purge=0, dropout=0.1, blend=0.25).fit(*make_rows(200, targets=2)), and its
# forecasts by Keras of the first five rows.
FORMAT_4 = Path(__file__).parent / "format_4"


@pytest.fixture(scope="module")
def regressor():
    fitted = KerasVolatilityRegressor(**PARAMETERS).fit(*make_rows(100))
    assert (fitted.best_epoch_ > 0).all(), "nothing was learnt"
    return fitted


@pytest.fixture
def folder(regressor, tmp_path):
    regressor.save(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.slow
def test_a_fresh_process_loads_and_trains_to_bit_identical_forecasts(regressor, folder):
    command = [
        sys.executable,
        "-m",
        "tests.models.regressor.other_process",
        "forecast",
        str(folder),
    ]
    subprocess.run(command, check=True)
    there = np.load(folder / "forecasts.npz")
    here = regressor.predict(make_rows(100)[0])
    np.testing.assert_array_equal(there["loaded"], here)
    np.testing.assert_array_equal(there["trained"], here)


def test_neither_keras_nor_tensorflow_is_imported_to_load_and_forecast(folder):
    command = [sys.executable, "-m", "tests.models.regressor.other_process", "modules", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []


def test_a_folder_of_an_earlier_format_forecasts_as_it_did():
    regressor = KerasVolatilityRegressor.load(FORMAT_4)
    forecasts = json.loads((FORMAT_4 / "forecasts.json").read_text())
    x = make_rows(200, targets=2)[0]
    np.testing.assert_allclose(regressor.predict(x[:5]), forecasts, rtol=1e-6)
    network = keras.saving.load_model(FORMAT_4 / NETWORK)
    inputs = regressor.inputs_.transform(x)[0]
    outputs = regressor.numpy_network_.compute_outputs(inputs)
    np.testing.assert_allclose(outputs, compute_outputs(network, inputs), atol=1e-6)


def test_a_loaded_regressor_can_be_saved_again(regressor, folder, tmp_path):
    KerasVolatilityRegressor.load(folder).save(tmp_path / "again")
    again = KerasVolatilityRegressor.load(tmp_path / "again")
    x = make_rows(100)[0]
    np.testing.assert_array_equal(again.predict(x), regressor.predict(x))
    np.testing.assert_array_equal(again.predict_members(x), regressor.predict_members(x))


def test_the_keras_networks_of_a_loaded_regressor_are_those_that_were_trained(regressor, folder):
    loaded = KerasVolatilityRegressor.load(folder)
    inputs = regressor.inputs_.transform(make_rows(100)[0])[0]
    expected = regressor.numpy_network_.compute_outputs(inputs)
    np.testing.assert_allclose(compute_outputs(loaded.network_, inputs), expected, atol=1e-6)
    np.testing.assert_allclose(loaded.plain_network(1)(inputs), expected[1], atol=1e-6)


def test_a_regressor_that_is_not_fitted_has_no_network():
    unfitted = KerasVolatilityRegressor(**PARAMETERS)
    assert not hasattr(unfitted, "network_")
    with pytest.raises(NotFittedError):
        unfitted.plain_network(0)


def test_a_file_that_could_not_be_read_again_is_noticed_when_it_is_written(
    regressor, tmp_path, monkeypatch
):
    monkeypatch.setattr(keras_file, "KERAS_MAJOR", "2")
    with pytest.raises(
        ValueError, match=rf"{NETWORK} .* written by Keras 3\..*; volcast reads the"
    ):
        regressor.save(tmp_path)
    assert not (tmp_path / STATE).exists()


def test_there_is_no_pickle_in_the_files_nor_in_the_loading(regressor, folder, monkeypatch):
    def refuse(*_args, **_options):
        raise AssertionError("unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    assert sorted(path.name for path in folder.iterdir()) == [NETWORK, STATE]
    inside = zipfile.ZipFile(folder / NETWORK).namelist()
    assert not [name for name in inside if name.endswith((".pkl", ".npy", ".npz"))]
    KerasVolatilityRegressor.load(folder)


def test_everything_that_was_learnt_comes_back(regressor, folder):
    loaded = KerasVolatilityRegressor.load(folder)
    as_lists = {
        k: list(v) if isinstance(v, tuple) else v for k, v in regressor.get_params().items()
    }
    assert loaded.get_params() == as_lists
    assert loaded.n_features_in_ == 3
    for name in ("bias_", "best_epoch_", "epochs_run_"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(regressor, name))
    for name, curve in regressor.history_.items():
        np.testing.assert_array_equal(loaded.history_[name], curve)


@pytest.mark.parametrize("anchor", [None, ["three", "one"]])
@pytest.mark.parametrize("targets", [1, 3])
def test_a_saved_regressor_forecasts_alike_with_and_without_anchor(anchor, targets, tmp_path):
    x, y = make_rows(60, targets=targets)
    frame = pd.DataFrame(x, columns=["one", "two", "three"])
    parameters = {**PARAMETERS, "anchor": anchor}
    regressor = KerasVolatilityRegressor(**parameters).fit(frame, y)
    regressor.save(tmp_path)
    loaded = KerasVolatilityRegressor.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict(frame), regressor.predict(frame))
    assert loaded.feature_names_in_.tolist() == ["one", "two", "three"]
    refitted = loaded.fit(frame, y)
    np.testing.assert_array_equal(refitted.predict(frame), regressor.predict(frame))


def test_a_missing_value_and_a_flat_column_survive(tmp_path):
    x, y = make_rows(60)
    x[:, 1], x[:, 2] = np.nan, 4.0
    regressor = KerasVolatilityRegressor(**PARAMETERS).fit(x, y)
    regressor.save(tmp_path)
    np.testing.assert_array_equal(
        KerasVolatilityRegressor.load(tmp_path).predict(x), regressor.predict(x)
    )


def _truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def remove_inputs(path):
    rest = json.loads(path.read_text())
    del rest["inputs"]
    path.write_text(json.dumps(rest))


def _of_another_format(path):
    path.write_text(path.read_text().replace('"format": 5', '"format": 7'))


def _with_an_unknown_parameter(path):
    path.write_text(path.read_text().replace('"batch_size"', '"batches"'))


def _of_another_training(path):
    other = KerasVolatilityRegressor(**PARAMETERS | {"seed": 1}).fit(*make_rows(100))
    other.network_.save(path)


DAMAGE = [
    *((name, lambda path: path.unlink()) for name in (NETWORK, STATE)),
    *((name, lambda path: path.write_bytes(b"")) for name in (NETWORK, STATE)),
    *((name, _truncate) for name in (NETWORK, STATE)),
    (NETWORK, _flip_a_bit),
    (NETWORK, _of_another_training),
    (STATE, lambda path: path.write_text("[1, 2]")),
    (STATE, lambda path: path.write_bytes(b"\xff\xfe\x00")),
    (STATE, remove_inputs),
    (STATE, _of_another_format),
    (STATE, _with_an_unknown_parameter),
]


@pytest.mark.parametrize(("name", "damage"), DAMAGE)
def test_a_damaged_or_missing_file_is_named(folder, name, damage):
    damage(folder / name)
    with pytest.raises(ValueError, match=f"{name} is missing or damaged .*; train the model again"):
        KerasVolatilityRegressor.load(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere/regressor\.json is missing or damaged"):
        KerasVolatilityRegressor.load(tmp_path / "nowhere")


@pytest.mark.parametrize("loss", [keras.losses.LogCosh(), "huber"])
def test_a_loss_of_keras_comes_back(loss, tmp_path):
    x, y = make_rows(60)
    regressor = KerasVolatilityRegressor(**PARAMETERS, loss=loss).fit(x, y)
    regressor.save(tmp_path)
    loaded = KerasVolatilityRegressor.load(tmp_path)
    np.testing.assert_array_equal(loaded.fit(x, y).predict(x), regressor.predict(x))


# Keras forgets the 0.3 of this Huber loss when it writes it down.
@pytest.mark.parametrize("loss", [lambda y, f: qlike(y, f), keras.losses.Huber(0.3)])
def test_a_loss_that_keras_does_not_keep_is_refused_before_anything_is_written(loss, tmp_path):
    regressor = KerasVolatilityRegressor(**PARAMETERS, loss=loss).fit(*make_rows(60))
    with pytest.raises(ValueError, match="cannot be saved, as Keras does not restore it unch"):
        regressor.save(tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_whole_ensemble_is_one_keras_file(regressor, folder):
    alone = keras.saving.load_model(folder / NETWORK)
    inputs = regressor.inputs_.transform(make_rows(100)[0])[0]
    np.testing.assert_array_equal(
        compute_outputs(alone, inputs), compute_outputs(regressor.network_, inputs)
    )
