"""Forecasts of a stored network, or of HAR, from one origin."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.forecast_intervals import ERROR_COLUMNS, compute_intervals
from volcast.models.forecaster import Forecaster
from volcast.models.insanity_filter import Bounds
from volcast.models.pretrained.network_folder import describe_vintage
from volcast.pipeline.backtest.walk_forward import forecast_within_bounds
from volcast.pipeline.errors import DataError
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.registry.model_folder import StoredModel


@dataclass(frozen=True)
class Cell:
    """The forecast of one ticker and horizon, a mean daily variance with its interval.

    It is in the level of close-to-close returns: the forecast of the variance measure times
    `level_factor`. `pretrained` names the vintage that it was combined with, if there was one.
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
    short_history: bool
    pretrained: str | None = None


@dataclass(frozen=True)
class FittedModel:
    """A fitted forecaster and what its forecasts need.

    Attributes
    ----------
    forecaster
        The model.
    bounds
        The range within which the insanity filter keeps its forecasts.
    past_errors
        The model's log errors known at the origin, from which the intervals are computed
        (`ERROR_COLUMNS`); without rows there are no intervals.
    """

    forecaster: Forecaster
    bounds: Bounds
    past_errors: pd.DataFrame


def forecast_with_network(
    model: StoredModel,
    panels: PanelCache,
    day: pd.Timestamp,
    past_errors: pd.DataFrame,
    level: float,
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
    fitted = FittedModel(model.network, model.bounds, past_errors)
    cells = forecast_cells(fitted, panel, origin, level)
    return [
        replace(cell, pretrained=describe_vintage(model.network, cell.horizon)) for cell in cells
    ]


def forecast_cells(model: FittedModel, panel: Panel, origin: int, level: float) -> list[Cell]:
    """Return a fitted model's forecasts from the session at position `origin`.

    Where the model gives no number the mean of 22 sessions replaces it, marked as a fallback;
    tickers without a bar at the origin have no forecast. The intervals are those that the
    walk-forward would give with the same errors.
    """
    sample = build_sample(panel).until(origin)
    found = forecast_within_bounds(
        model.forecaster, sample, slice(origin, origin + 1), model.bounds
    )
    place, ticker = np.nonzero(np.isfinite(found["variance"][0]).T)
    rows = {name: values[0, ticker, place] for name, values in found.items()}
    rows["target_end"] = panel.target_end[origin, ticker, place]
    rows["horizon"] = np.array(panel.horizons)[place]
    rows["ticker"] = np.array(panel.tickers, dtype=object)[ticker]
    rows["level_factor"] = panel.level_factor[origin, ticker]
    rows["variance"] = rows["variance"] * rows["level_factor"]
    table = pd.DataFrame(rows).assign(origin=panel.sessions[origin])
    table = _add_intervals(table, model.past_errors, level)
    starts = dict(zip(panel.tickers, panel.target_start[origin], strict=True))
    return [_build_cell(row, starts[row["ticker"]]) for row in table.to_dict("records")]


def _add_intervals(table: pd.DataFrame, past_errors: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the forecasts of a session with `lower` and `upper`; NaN without enough errors."""
    past = past_errors.loc[past_errors["horizon"].isin(table["horizon"].unique()), ERROR_COLUMNS]
    now = table.assign(model="", log_error=np.nan)[ERROR_COLUMNS]
    rows = pd.concat([past.assign(model=""), now], ignore_index=True) if len(past) else now
    found = compute_intervals(rows, level).tail(len(now))
    variance = table["variance"].to_numpy()
    return table.assign(
        lower=variance * np.exp(found["log_lower"].to_numpy()),
        upper=variance * np.exp(found["log_upper"].to_numpy()),
    )


def _build_cell(row: dict[Hashable, Any], target_start: np.datetime64) -> Cell:
    return Cell(
        ticker=row["ticker"],
        horizon=int(row["horizon"]),
        target_start=pd.Timestamp(target_start),
        target_end=pd.Timestamp(row["target_end"]),
        variance=float(row["variance"]),
        lower=float(row["lower"]),
        upper=float(row["upper"]),
        clipped=bool(row["clipped"]),
        fallback=bool(row["fallback"]),
        level_factor=float(row["level_factor"]),
        short_history=bool(row["short_history"]),
    )
