"""A fitted regressor on disk: the networks as `.keras`, the rest as a small JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from volcast.models.regressor.anchor import LogLinear
from volcast.models.regressor.preprocessing import Inputs, LinearCorrection
from volcast.models.regressor.scaling import Scaler

if TYPE_CHECKING:
    from volcast.models.regressor.estimator import KerasVolatilityRegressor

FORMAT = 4
NETWORK = "network.keras"
REST = "regressor.json"

Regressor = TypeVar("Regressor", bound="KerasVolatilityRegressor")


def save(regressor: KerasVolatilityRegressor, folder: Path) -> None:
    """Write the fitted `regressor` into `folder`, which is made if missing.

    The JSON comes last and holds the network's digest: a half-written folder cannot be loaded.
    """
    loss = _saved_loss(regressor.loss)
    folder.mkdir(parents=True, exist_ok=True)
    regressor.network_.save(folder / NETWORK)
    rest = {
        "format": FORMAT,
        "network_sha256": _digest(folder / NETWORK),
        "parameters": {**_plain(regressor.get_params()), "loss": loss},
        "features": regressor.n_features_in_,
        "feature_names": _plain(getattr(regressor, "feature_names_in_", None)),
        "single_target": regressor._single_target,
        "inputs": _inputs_saved(regressor.inputs_),
        "linear": {
            "inputs": _inputs_saved(regressor.linear_.inputs),
            "correction": _plain(vars(regressor.linear_.correction)),
        },
        "bias": _plain(regressor.bias_),
        "best_epoch": _plain(regressor.best_epoch_),
        "epochs_run": _plain(regressor.epochs_run_),
        "diverged": _plain(regressor.diverged_),
        "history": _plain(regressor.history_),
    }
    (folder / REST).write_text(json.dumps(rest, indent=1), encoding="utf-8")


def load(cls: type[Regressor], folder: Path) -> Regressor:
    """Return the regressor saved in `folder`.

    Raises
    ------
    ValueError
        A file is missing, damaged or of another format, or the two do not belong together; the
        message names the file.
    """
    import volcast.models.engine.stack  # noqa: F401  registers the stacked layer with Keras
    from volcast.models.backend import keras

    with _readable(folder / REST):
        rest = json.loads((folder / REST).read_text(encoding="utf-8"))
        if rest["format"] != FORMAT:
            raise ValueError(f"its format is {rest['format']}, not {FORMAT}")
        rest["parameters"]["loss"] = _restored_loss(rest["parameters"]["loss"])
        regressor = _restored(cls(**rest["parameters"]), rest)
    with _readable(folder / NETWORK):
        if _digest(folder / NETWORK) != rest["network_sha256"]:
            raise ValueError(f"it is not the network that {REST} was written with")
        regressor.network_ = keras.saving.load_model(folder / NETWORK, compile=False)
    return regressor


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn whatever JSON, zip, HDF5 and Keras make of a bad file into one ``ValueError``."""
    try:
        yield
    except Exception as error:
        raise ValueError(
            f"{path} is missing or damaged ({type(error).__name__}: {error}); train the model again"
        ) from error


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _restored(regressor: Regressor, rest: dict[str, Any]) -> Regressor:
    regressor.n_features_in_ = rest["features"]
    if rest["feature_names"] is not None:
        regressor.feature_names_in_ = np.array(rest["feature_names"], dtype=object)
    regressor._single_target = rest["single_target"]
    regressor.inputs_ = _inputs_restored(rest["inputs"])
    regressor.linear_ = LinearCorrection(
        _inputs_restored(rest["linear"]["inputs"]),
        _log_linear_restored(rest["linear"]["correction"]),
    )
    regressor.bias_ = np.array(rest["bias"])
    regressor.best_epoch_ = np.array(rest["best_epoch"])
    regressor.epochs_run_ = np.array(rest["epochs_run"])
    regressor.diverged_ = np.array(rest["diverged"])
    regressor.history_ = {k: np.array(v) for k, v in rest["history"].items()}
    return regressor


def _inputs_saved(inputs: Inputs) -> dict[str, Any]:
    return {
        "anchor": _plain(vars(inputs.anchor)),
        "scaler": _plain(vars(inputs.scaler)),
        "anchor_columns": _plain(inputs.anchor_columns),
        "level_columns": _plain(inputs.level_columns),
    }


def _inputs_restored(saved: dict[str, Any]) -> Inputs:
    return Inputs(
        anchor=_log_linear_restored(saved["anchor"]),
        scaler=Scaler(**{k: np.array(v) for k, v in saved["scaler"].items()}),
        anchor_columns=np.array(saved["anchor_columns"], dtype=np.intp),
        level_columns=np.array(saved["level_columns"], dtype=np.intp),
    )


def _log_linear_restored(saved: dict[str, Any]) -> LogLinear:
    intercept = np.array(saved["intercept"])
    slopes = np.array(saved["slopes"]).reshape(-1, len(intercept))  # JSON: [] for (0, H)
    return LogLinear(slopes=slopes, intercept=intercept)


def _saved_loss(loss: Any) -> Any:
    """Return a loss as JSON holds it: its name, or what Keras writes of an object.

    Raises
    ------
    ValueError
        What Keras wrote does not come back as the same loss.
    """
    from volcast.models.backend import keras
    from volcast.models.engine.losses import row_loss

    if isinstance(loss, str):
        return loss
    if getattr(loss, "__name__", "") != "<lambda>":
        saved = keras.saving.serialize_keras_object(loss)
        truth, forecast = np.zeros((9, 1)), np.linspace(-4.0, 4.0, 9)[:, None]
        values = [row_loss(x)(truth, forecast) for x in (loss, _restored_loss(saved))]
        if np.array_equal(*values):  # Keras 3.15 forgets Huber's delta, for one
            return saved
    raise ValueError(
        f"the loss {loss!r} would not come back as it is; name the function that you want and "
        "register it by keras.saving.register_keras_serializable"
    )


def _restored_loss(saved: Any) -> Any:
    from volcast.models.backend import keras

    return saved if isinstance(saved, str) else keras.saving.deserialize_keras_object(saved)


def _plain(value: Any) -> Any:
    """Return `value` as JSON holds it; Python's floats survive the way there and back exactly."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
