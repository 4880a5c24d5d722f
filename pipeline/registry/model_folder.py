"""The folder of one model version: the networks, and what else a forecast with them needs."""

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
REST = "forecast.json"
NETWORK_FOLDER = "regressor"


@dataclass(frozen=True)
class StoredModel:
    """A fitted network and all that turns its output into a forecast.

    Attributes
    ----------
    regressor : KerasVolatilityRegressor
        Fitted.
    bounds : Bounds
        The insanity filter, (N, H) in the order of `tickers` and `horizons`.
    tickers, features : tuple of str
        The tickers it was fitted on; the names of its inputs in their order.
    horizons : tuple of int
        In sessions.
    log_residuals, har_log_residuals : mapping of horizon to float64 (m,)
        ``log(realized / forecast)`` out of sample, which the prediction intervals come from: of
        networks, and of HAR on the same days.
    trained_through : date
        The last session that its fit had seen; what it forecasts later is out of sample.
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
    """Write the model into `folder`, made if missing: `.keras` and JSON, no pickle."""
    model.regressor.save(folder / NETWORK_FOLDER)
    rest = {
        "format": FORMAT,
        "tickers": list(model.tickers),
        "features": list(model.features),
        "horizons": list(model.horizons),
        "bounds": {"low": model.bounds.low.tolist(), "high": model.bounds.high.tolist()},
        "log_residuals": _plain(model.log_residuals),
        "har_log_residuals": _plain(model.har_log_residuals),
        "trained_through": model.trained_through.isoformat(),
    }
    (folder / REST).write_text(json.dumps(rest, indent=1), encoding="utf-8")


def load_model(folder: Path) -> StoredModel:
    """Return the model that `save_model` wrote; its forecasts are bit-identical.

    Raises
    ------
    RegistryError
        A file is missing, damaged or of another format; the message names it.
    """
    path = folder / REST
    try:
        rest = json.loads(path.read_text(encoding="utf-8"))
        if rest["format"] != FORMAT:
            raise ValueError(f"its format is {rest['format']}, not {FORMAT}")
        known = _restored(rest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"{path} is missing or damaged ({error}); roll back, or train the model again"
        ) from error
    try:
        regressor = KerasVolatilityRegressor.load(folder / NETWORK_FOLDER)
    except ValueError as error:
        raise RegistryError(str(error)) from error
    return StoredModel(regressor=regressor, **known)


def _restored(rest: dict[str, Any]) -> dict[str, Any]:
    return {
        "bounds": Bounds(**{name: np.array(grid) for name, grid in rest["bounds"].items()}),
        "tickers": tuple(rest["tickers"]),
        "features": tuple(rest["features"]),
        "horizons": tuple(rest["horizons"]),
        **{name: _arrays(rest[name]) for name in ("log_residuals", "har_log_residuals")},
        "trained_through": dt.date.fromisoformat(rest["trained_through"]),
    }


def _plain(residuals: Mapping[int, NDArray[np.float64]]) -> dict[str, list[float]]:
    return {str(horizon): values.tolist() for horizon, values in residuals.items()}


def _arrays(residuals: dict[str, list[float]]) -> dict[int, NDArray[np.float64]]:
    return {int(horizon): np.array(values, float) for horizon, values in residuals.items()}
