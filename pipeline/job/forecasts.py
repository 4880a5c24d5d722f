"""Forecasts of a stored network, or of HAR, from one origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.conformal import Float, conformal_interval
from volcast.models.forecaster import Forecaster
from volcast.models.insanity_filter import Bounds
from volcast.models.network import Network
from volcast.pipeline.backtest.walk_forward import forecast_within_bounds
from volcast.pipeline.errors import DataError
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.registry.model_folder import StoredModel


@dataclass(frozen=True)
class Cell:
    """The forecast of one ticker and horizon, a mean daily variance with its interval.

    It is in the level of close-to-close returns: the forecast of the variance measure times
    `level_factor`.
    """

    ticker: str
    horizon: int
    target_start: pd.Timestamp
    target_end: pd.Timestamp
    variance: float
    lower: float
    upper: float
    clipped: bool
    fallback: bool
    level_factor: float


@dataclass(frozen=True)
class FittedModel:
    """A fitted forecaster and what its forecasts need.

    Attributes
    ----------
    forecaster
        The model.
    bounds
        The range within which the insanity filter keeps its forecasts.
    log_errors
        Log errors of past forecasts by horizon, from which the intervals are computed.
    """

    forecaster: Forecaster
    bounds: Bounds
    log_errors: Mapping[int, Float]


def forecast_with_network(
    model: StoredModel, panels: PanelCache, day: pd.Timestamp, level: float
) -> list[Cell]:
    """Return a stored network's forecasts from the session of `day`, with `level` intervals.

    Raises
    ------
    DataError
        None of its tickers has a bar on that day.
    ConfigError
        One of its features no longer exists.
    """
    panel = panels.for_model(model)
    origin = int(panel.sessions.get_indexer(pd.DatetimeIndex([day]))[0])
    if origin < 0:
        raise DataError(f"none of its tickers has a bar on {day:%Y-%m-%d}")
    fitted = FittedModel(Network(model.regressor), model.bounds, model.log_residuals)
    return forecast_cells(fitted, panel, origin, level)


def forecast_cells(model: FittedModel, panel: Panel, origin: int, level: float) -> list[Cell]:
    """Return a fitted model's forecasts from the session at position `origin`.

    Where the model gives no number the mean of 22 sessions replaces it, marked as a fallback;
    tickers without a bar at the origin have no forecast.
    """
    sample = build_sample(panel).until(origin)
    found = forecast_within_bounds(
        model.forecaster, sample, slice(origin, origin + 1), model.bounds
    )
    cells = []
    for place, horizon in enumerate(panel.horizons):
        variance = found["variance"][0, :, place] * panel.level_factor[origin]
        errors = model.log_errors.get(horizon, np.empty(0))
        bounds = conformal_interval(variance, errors, level)
        for n in np.flatnonzero(np.isfinite(variance)):
            numbers = {
                "variance": float(variance[n]),
                "lower": float(bounds[0][n]),
                "upper": float(bounds[1][n]),
                "clipped": bool(found["clipped"][0, n, place]),
                "fallback": bool(found["fallback"][0, n, place]),
                "level_factor": float(panel.level_factor[origin, n]),
            }
            cells.append(_build_cell(panel, origin, (int(n), place), numbers))
    return cells


def _build_cell(
    panel: Panel, origin: int, position: tuple[int, int], numbers: dict[str, Any]
) -> Cell:
    """Return the cell of the ticker and horizon at a position of the panel."""
    ticker, horizon = position
    return Cell(
        ticker=panel.tickers[ticker],
        horizon=panel.horizons[horizon],
        target_start=pd.Timestamp(panel.target_start[origin, ticker]),
        target_end=pd.Timestamp(panel.target_end[origin, ticker, horizon]),
        **numbers,
    )
