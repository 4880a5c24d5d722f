"""The folder of one version: the networks, and what else a forecast needs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volcast.models.insanity_filter import Bounds
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.pipeline.errors import RegistryError

FORMAT = 1
METADATA = "forecast.json"
NETWORK_FOLDER = "regressor"


@dataclass(frozen=True)
class StoredModel:
    """A fitted network, and all that turns its output into a forecast.

    Attributes
    ----------
    regressor
        Fitted.
    bounds
        The insanity filter, of shape (N, H) in the order of `tickers` and `horizons`.
    tickers, features
        The tickers that it was fitted on; the names of its inputs in their order.
    horizons
        In sessions.
    log_residuals, har_log_residuals
        By horizon, ``log(realized / forecast)`` out of sample, of shape (m,): of networks, and of
        HAR on the same days. Prediction intervals are built from them.
    trained_through
        The last session that it was fitted on; what it forecasts later is out of sample.
    """

    regressor: KerasVolatilityRegressor
    bounds: Bounds
    tickers: tuple[str, ...]
    features: tuple[str, ...]
    horizons: tuple[int, ...]
    log_residuals: Mapping[int, NDArray[np.float64]]
    har_log_residuals: Mapping[int, NDArray[np.float64]]
    trained_through: dt.date


def save_model(folder: Path, model: StoredModel) -> None:
    """Write the model into `folder`, created if missing: `.keras` and JSON, no pickle."""
    model.regressor.save(folder / NETWORK_FOLDER)
    metadata = {
        "format": FORMAT,
        "tickers": list(model.tickers),
        "features": list(model.features),
        "horizons": list(model.horizons),
        "bounds": {"low": model.bounds.low.tolist(), "high": model.bounds.high.tolist()},
        "log_residuals": _to_json(model.log_residuals),
        "har_log_residuals": _to_json(model.har_log_residuals),
        "trained_through": model.trained_through.isoformat(),
    }
    (folder / METADATA).write_text(json.dumps(metadata, indent=1), encoding="utf-8")


def load_model(folder: Path) -> StoredModel:
    """Return the model that `save_model` wrote; it forecasts the same bit for bit.

    Raises
    ------
    RegistryError
        A file is missing, damaged or of another format.
    """
    path = folder / METADATA
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
        if metadata["format"] != FORMAT:
            raise ValueError(f"its format is {metadata['format']}, not {FORMAT}")
        values = _parse_metadata(metadata)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"{path} is missing or damaged ({error}); roll back, or train another model"
        ) from error
    try:
        regressor = KerasVolatilityRegressor.load(folder / NETWORK_FOLDER)
    except ValueError as error:
        raise RegistryError(str(error)) from error
    return StoredModel(regressor=regressor, **values)


def _parse_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "bounds": Bounds(**{name: np.array(grid) for name, grid in metadata["bounds"].items()}),
        "tickers": tuple(metadata["tickers"]),
        "features": tuple(metadata["features"]),
        "horizons": tuple(metadata["horizons"]),
        **{name: _to_arrays(metadata[name]) for name in ("log_residuals", "har_log_residuals")},
        "trained_through": dt.date.fromisoformat(metadata["trained_through"]),
    }


def _to_json(residuals: Mapping[int, NDArray[np.float64]]) -> dict[str, list[float]]:
    return {str(horizon): values.tolist() for horizon, values in residuals.items()}


def _to_arrays(residuals: dict[str, list[float]]) -> dict[int, NDArray[np.float64]]:
    return {int(horizon): np.array(values, float) for horizon, values in residuals.items()}
