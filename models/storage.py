"""A fitted regressor on disk: the networks as `.keras`, the rest as a small JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from models.anchor import LogLinear
from models.scaling import Scaler

if TYPE_CHECKING:
    from models.regressor import KerasVolatilityRegressor

FORMAT = 1
NETWORK = "network.keras"
REST = "regressor.json"

Regressor = TypeVar("Regressor", bound="KerasVolatilityRegressor")


def save(regressor: KerasVolatilityRegressor, folder: Path) -> None:
    """Write the fitted `regressor` into `folder`, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    regressor.network_.save(folder / NETWORK)
    rest = {
        "format": FORMAT,
        "parameters": _plain(regressor.get_params()),
        "features": regressor.n_features_in_,
        "feature_names": _plain(getattr(regressor, "feature_names_in_", None)),
        "single_target": regressor._single_target,
        "anchor_columns": _plain(regressor._anchor_columns),
        "anchor": _plain(vars(regressor.anchor_)),
        "scaler": _plain(vars(regressor.scaler_)),
        "bias": _plain(regressor.bias_),
        "best_epoch": _plain(regressor.best_epoch_),
        "epochs_run": _plain(regressor.epochs_run_),
        "history": _plain(regressor.history_),
    }
    (folder / REST).write_text(json.dumps(rest, indent=1), encoding="utf-8")


def load(cls: type[Regressor], folder: Path) -> Regressor:
    """Return the regressor saved in `folder`.

    Raises
    ------
    ValueError
        A file is missing, damaged or of another format; the message names it.
    """
    import models.stack  # noqa: F401  registers the stacked layer with Keras
    from models.backend import keras

    try:
        rest = json.loads((folder / REST).read_text(encoding="utf-8"))
        network = keras.saving.load_model(folder / NETWORK, compile=False)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"no readable model in {folder}: {error}; train it again") from error
    if rest.get("format") != FORMAT:
        raise ValueError(f"{folder / REST} has format {rest.get('format')}, not {FORMAT}")
    return _restored(cls(**rest["parameters"]), rest, network)


def _restored(regressor: Regressor, rest: dict[str, Any], network: Any) -> Regressor:
    regressor.network_ = network
    regressor.n_features_in_ = rest["features"]
    if rest["feature_names"] is not None:
        regressor.feature_names_in_ = np.array(rest["feature_names"], dtype=object)
    regressor._single_target = rest["single_target"]
    regressor._anchor_columns = np.array(rest["anchor_columns"], dtype=np.intp)
    regressor.anchor_ = LogLinear(**{k: np.array(v) for k, v in rest["anchor"].items()})
    regressor.scaler_ = Scaler(**{k: np.array(v) for k, v in rest["scaler"].items()})
    regressor.bias_ = np.array(rest["bias"])
    regressor.best_epoch_ = np.array(rest["best_epoch"])
    regressor.epochs_run_ = np.array(rest["epochs_run"])
    regressor.history_ = {k: np.array(v) for k, v in rest["history"].items()}
    return regressor


def _plain(value: Any) -> Any:
    """Return `value` as JSON holds it; Python's floats survive the way there and back exactly."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
