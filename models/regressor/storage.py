"""A fitted regressor on disk: the networks as a `.keras` file, the rest as a small JSON file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from volcast.models.regressor.anchor import LogLinear
from volcast.models.regressor.keras_file import read_keras_file
from volcast.models.regressor.numpy_network import NumpyNetwork
from volcast.models.regressor.preprocessing import Inputs, LinearCorrection
from volcast.models.regressor.scaling import Scaler

FORMAT = 5
READABLE = (4, 5)  # format 4 has no bounds of the forecasts
NETWORK = "network.keras"
STATE = "regressor.json"

Regressor = TypeVar("Regressor")


def save_regressor(folder: Path, parameters: Mapping[str, Any], fitted: Mapping[str, Any]) -> None:
    """Write a fitted regressor into `folder`, which is created if missing.

    The JSON file is written last and holds the network's digest, so that a half-written folder
    cannot be loaded.

    Parameters
    ----------
    folder
        Where to write.
    parameters
        The arguments of the constructor, by name.
    fitted
        The attributes that `fit` has set, by name.

    Raises
    ------
    ValueError
        The loss cannot be saved; nothing is written.
    """
    loss = _serialize_loss(parameters["loss"])
    folder.mkdir(parents=True, exist_ok=True)
    linear: LinearCorrection = fitted["linear_"]
    state = {
        "format": FORMAT,
        "network_sha256": _write_network(folder / NETWORK, fitted["numpy_network_"]),
        "parameters": {**_to_json(parameters), "loss": loss},
        "features": fitted["n_features_in_"],
        "feature_names": _to_json(fitted.get("feature_names_in_")),
        "single_target": fitted["_single_target"],
        "inputs": _serialize_inputs(fitted["inputs_"]),
        "linear": {
            "inputs": _serialize_inputs(linear.inputs),
            "correction": _to_json(vars(linear.correction)),
        },
        "blend": fitted["blend_"],
        "bias": _to_json(fitted["bias_"]),
        "best_epoch": _to_json(fitted["best_epoch_"]),
        "epochs_run": _to_json(fitted["epochs_run_"]),
        "diverged": _to_json(fitted["diverged_"]),
        "history": _to_json(fitted["history_"]),
    }
    (folder / STATE).write_text(json.dumps(state, indent=1), encoding="utf-8")


def load_regressor(folder: Path, build: Callable[..., Regressor]) -> Regressor:
    """Return the regressor saved in `folder`; Keras is imported only for a loss of its own class.

    Parameters
    ----------
    folder
        Where `save_regressor` wrote.
    build
        The class of the regressor, which is called with the saved parameters.

    Raises
    ------
    ValueError
        A file is missing, damaged or of another format, or the two do not belong together; the
        message names the file.
    """
    with _name_bad_file(folder / STATE):
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        if state["format"] not in READABLE:
            raise ValueError(f"its format is {state['format']}, not {FORMAT}")
        state["parameters"]["loss"] = _restore_loss(state["parameters"]["loss"])
        regressor = build(**state["parameters"])
        vars(regressor).update(_restore_attributes(state))
    with _name_bad_file(folder / NETWORK):
        content = (folder / NETWORK).read_bytes()
        if _compute_digest(content) != state["network_sha256"]:
            raise ValueError(f"it is not the network that {STATE} belongs to")
        vars(regressor).update(numpy_network_=read_keras_file(content))
    return regressor


@contextmanager
def _name_bad_file(path: Path) -> Iterator[None]:
    """Turn any error that JSON, zip, HDF5 or Keras raises for a bad file into a ``ValueError``."""
    try:
        yield
    except Exception as error:
        raise ValueError(
            f"{path} is missing or damaged ({type(error).__name__}: {error}); train the model again"
        ) from error


def _write_network(path: Path, network: NumpyNetwork) -> str:
    """Write the `.keras` file and return its digest, once it was read as `load_regressor` does."""
    from volcast.models.regressor.ensemble import build_keras_network

    build_keras_network(network).save(path)
    with _name_bad_file(path):
        content = path.read_bytes()
        read_keras_file(content)
    return _compute_digest(content)


def _compute_digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _restore_attributes(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fitted attributes, except the network."""
    names = state["feature_names"]
    linear = state["linear"]
    return {
        "n_features_in_": state["features"],
        **({} if names is None else {"feature_names_in_": np.array(names, dtype=object)}),
        "_single_target": state["single_target"],
        "inputs_": _restore_inputs(state["inputs"]),
        "linear_": LinearCorrection(
            _restore_inputs(linear["inputs"]), _restore_log_linear(linear["correction"])
        ),
        # A regressor of an earlier version has a weight among its parameters.
        "blend_": state.get("blend", 0.0),
        "bias_": np.array(state["bias"]),
        "best_epoch_": np.array(state["best_epoch"]),
        "epochs_run_": np.array(state["epochs_run"]),
        "diverged_": np.array(state["diverged"]),
        "history_": {name: np.array(curve) for name, curve in state["history"].items()},
    }


def _serialize_inputs(inputs: Inputs) -> dict[str, Any]:
    return {
        "anchor": _to_json(vars(inputs.anchor)),
        "scaler": _to_json(vars(inputs.scaler)),
        "anchor_columns": _to_json(inputs.anchor_columns),
        "level_columns": _to_json(inputs.level_columns),
    }


def _restore_inputs(saved: Mapping[str, Any]) -> Inputs:
    return Inputs(
        anchor=_restore_log_linear(saved["anchor"]),
        scaler=Scaler(**{k: np.array(v) for k, v in saved["scaler"].items()}),
        anchor_columns=np.array(saved["anchor_columns"], dtype=np.intp),
        level_columns=np.array(saved["level_columns"], dtype=np.intp),
    )


def _restore_log_linear(saved: Mapping[str, Any]) -> LogLinear:
    intercept = np.array(saved["intercept"])
    slopes = np.array(saved["slopes"]).reshape(-1, len(intercept))  # JSON: [] for (0, H)
    unbounded = np.full_like(intercept, np.inf)
    lowest, highest = np.array(saved.get("lowest", -unbounded)), saved.get("highest", unbounded)
    return LogLinear(slopes, intercept, lowest, np.array(highest))


def _serialize_loss(loss: Any) -> Any:
    """Return a loss as JSON holds it: its name, or Keras's serialisation of an object.

    Raises
    ------
    ValueError
        Keras does not restore the same loss from its serialisation.
    """
    if isinstance(loss, str):
        return loss
    from volcast.models.backend import keras
    from volcast.models.engine.losses import build_row_loss

    if getattr(loss, "__name__", "") != "<lambda>":
        saved = keras.saving.serialize_keras_object(loss)
        truth, forecast = np.zeros((9, 1)), np.linspace(-4.0, 4.0, 9)[:, None]
        values = [build_row_loss(each)(truth, forecast) for each in (loss, _restore_loss(saved))]
        if np.array_equal(*values):  # Keras 3.15 loses Huber's delta, for one
            return saved
    raise ValueError(
        f"the loss {loss!r} cannot be saved, as Keras does not restore it unchanged; use a named "
        "function registered with keras.saving.register_keras_serializable"
    )


def _restore_loss(saved: Any) -> Any:
    if isinstance(saved, str):
        return saved
    from volcast.models.backend import keras

    return keras.saving.deserialize_keras_object(saved)


def _to_json(value: Any) -> Any:
    """Return `value` as JSON holds it; Python's floats survive the round trip exactly."""
    if isinstance(value, Mapping):
        return {key: _to_json(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_to_json(item) for item in value]
    return value
