"""The folder of one version: the networks, and what else a forecast needs."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from volcast.models.forecast_intervals import ERROR_COLUMNS
from volcast.models.insanity_filter import Bounds
from volcast.pipeline.errors import RegistryError
from volcast.pipeline.registry import undated_errors

if TYPE_CHECKING:
    from volcast.models.pretrained.network_folder import AnyNetwork

FORMAT = 2
METADATA = "forecast.json"
PAST_ERRORS = "past_errors.parquet"
NETWORK_FOLDER = "regressor"


@dataclass(frozen=True)
class StoredModel:
    """A fitted network, and all that turns its output into a forecast.

    Attributes
    ----------
    network
        Fitted.
    bounds
        The insanity filter, of shape (N, H) in the order of `tickers` and `horizons`.
    tickers, features
        The tickers that it was fitted on; the names of its inputs in their order.
    horizons
        In sessions.
    past_errors
        Log errors out of sample, of networks and of HAR, known when it was trained, with the
        columns `volcast.models.forecast_intervals.ERROR_COLUMNS`. Prediction intervals are built
        from them.
    trained_through
        The last session that it was fitted on; what it forecasts later is out of sample.
    """

    network: AnyNetwork
    bounds: Bounds
    tickers: tuple[str, ...]
    features: tuple[str, ...]
    horizons: tuple[int, ...]
    past_errors: pd.DataFrame
    trained_through: dt.date


def save_model(folder: Path, model: StoredModel) -> None:
    """Write the model into `folder`, created if missing: `.keras`, JSON and Parquet, no pickle."""
    from volcast.models.pretrained.network_folder import save_network  # with scikit-learn

    save_network(folder / NETWORK_FOLDER, model.network)
    metadata = {
        "format": FORMAT,
        "tickers": list(model.tickers),
        "features": list(model.features),
        "horizons": list(model.horizons),
        "bounds": {"low": model.bounds.low.tolist(), "high": model.bounds.high.tolist()},
        "trained_through": model.trained_through.isoformat(),
    }
    model.past_errors.to_parquet(folder / PAST_ERRORS, index=False)
    (folder / METADATA).write_text(json.dumps(metadata, indent=1), encoding="utf-8")


def load_model(folder: Path) -> StoredModel:
    """Return the model that `save_model` wrote; it forecasts the same bit for bit.

    Raises
    ------
    RegistryError
        A file is missing, damaged or of another format.
    """
    from volcast.models.pretrained.network_folder import load_network  # with scikit-learn

    metadata, values = _read_metadata(folder)
    try:
        past_errors = _read_past_errors(folder, metadata)
    except (OSError, ValueError) as error:
        raise RegistryError(
            f"{folder / PAST_ERRORS} is missing or damaged ({error}); roll back, or train another "
            "model"
        ) from error
    try:
        network = load_network(folder / NETWORK_FOLDER)
    except ValueError as error:
        raise RegistryError(str(error)) from error
    return StoredModel(network=network, past_errors=past_errors, **values)


def read_tickers(folder: Path) -> tuple[str, ...]:
    """Return the tickers that a stored model was fitted on, without loading it.

    Raises
    ------
    RegistryError
        The metadata are missing, damaged or of another format.
    """
    tickers: tuple[str, ...] = _read_metadata(folder)[1]["tickers"]
    return tickers


def _read_metadata(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the metadata as stored, and as fields of `StoredModel`."""
    path = folder / METADATA
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
        return metadata, _parse_metadata(metadata)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"{path} is missing or damaged ({error}); roll back, or train another model"
        ) from error


def _parse_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    if metadata["format"] not in (undated_errors.FORMAT, FORMAT):
        raise ValueError(f"its format is {metadata['format']}, not {FORMAT}")
    return {
        "bounds": Bounds(**{name: np.array(grid) for name, grid in metadata["bounds"].items()}),
        "tickers": tuple(metadata["tickers"]),
        "features": tuple(metadata["features"]),
        "horizons": tuple(metadata["horizons"]),
        "trained_through": dt.date.fromisoformat(metadata["trained_through"]),
    }


def _read_past_errors(folder: Path, metadata: dict[str, Any]) -> pd.DataFrame:
    if metadata["format"] == undated_errors.FORMAT:
        return undated_errors.read_past_errors(metadata)
    errors = pd.read_parquet(folder / PAST_ERRORS)
    # Versions that forecast no short histories stored none.
    return errors.assign(short_history=errors.get("short_history", False))[ERROR_COLUMNS]
