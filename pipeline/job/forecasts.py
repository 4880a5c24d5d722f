"""What a stored model, or HAR, forecasts from one origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.conformal import Float, interval
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
    """A forecast of one ticker and horizon."""

    ticker: str
    horizon: int
    target_start: pd.Timestamp
    target_end: pd.Timestamp
    variance: float
    lower: float
    upper: float
    clipped: bool
    fallback: bool


def network_cells(
    model: StoredModel, panels: PanelCache, day: pd.Timestamp, level: float
) -> list[Cell]:
    """Return the forecasts of a stored model from the session of a day, for what it was made for.

    Raises
    ------
    DataError
        None of its tickers has a bar on that day.
    ConfigError
        A feature is not known any more.
    """
    panel = panels.of(model)
    origin = int(panel.sessions.get_indexer(pd.DatetimeIndex([day]))[0])
    if origin < 0:
        raise DataError(f"none of its tickers has a bar on {day:%Y-%m-%d}")
    network = Network(model.regressor)
    return cells(network, model.bounds, model.log_residuals, panel, origin, level)


def cells(
    model: Forecaster,
    bounds: Bounds,
    errors: Mapping[int, Float],
    panel: Panel,
    origin: int,
    level: float,
) -> list[Cell]:
    """Return a fitted model's forecasts from the session at position `origin`.

    Where the model gives no number the mean of 22 sessions stands in, marked as a fallback;
    tickers without a bar at the origin have none.
    """
    seen = build_sample(panel).until(origin)
    origins = slice(origin, origin + 1)
    found = forecast_within_bounds(model, seen, origins, bounds)
    made = []
    for place, horizon in enumerate(panel.horizons):
        variance = found["variance"][0, :, place]
        lower, upper = interval(variance, errors.get(horizon, np.empty(0)), level)
        for n, ticker in enumerate(panel.tickers):
            if np.isfinite(variance[n]):
                cell = Cell(
                    ticker=ticker,
                    horizon=horizon,
                    target_start=pd.Timestamp(panel.target_start[origin, n]),
                    target_end=pd.Timestamp(panel.target_end[origin, n, place]),
                    variance=float(variance[n]),
                    lower=float(lower[n]),
                    upper=float(upper[n]),
                    clipped=bool(found["clipped"][0, n, place]),
                    fallback=bool(found["fallback"][0, n, place]),
                )
                made.append(cell)
    return made
