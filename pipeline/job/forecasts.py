"""Forecasts of a stored network, or of HAR, from one origin."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.forecast_intervals import ERROR_COLUMNS, compute_intervals, name_bounds
from volcast.models.forecaster import Forecaster
from volcast.models.insanity_filter import Bounds
from volcast.models.pretrained.network_folder import describe_vintage
from volcast.pipeline.backtest.walk_forward import forecast_within_bounds
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.registry.model_folder import StoredModel


@dataclass(frozen=True)
class Cell:
    """The forecast of one ticker and horizon, a mean daily variance with its interval.

    It is in the level of close-to-close returns: the forecast of the variance measure times
    `level_factor`. `pretrained` names the vintage that it was combined with, if there was one, and
    `intervals` are the bounds of further intervals, by their probability, if any are known.
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
    intervals: dict[str, list[float]] | None = None


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
    levels: Sequence[float],
) -> list[Cell]:
    """Return a stored network's forecasts from the session of `day`, with intervals of `levels`.

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
    cells = forecast_cells(fitted, panel, origin, levels)
    return [
        replace(cell, pretrained=describe_vintage(model.network, cell.horizon)) for cell in cells
    ]


def forecast_cells(
    model: FittedModel, panel: Panel, origin: int, levels: Sequence[float]
) -> list[Cell]:
    """Return a fitted model's forecasts from the session at position `origin`.

    Where the model gives no number the mean of 22 sessions replaces it, marked as a fallback;
    tickers without a bar at the origin have no forecast. The intervals are those that the
    walk-forward would give with the same errors: the first of `levels` is that of `lower` and
    `upper`, the others are further ones (`list_levels`).
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
    table = _add_intervals(table, model.past_errors, levels)
    starts = dict(zip(panel.tickers, panel.target_start[origin], strict=True))
    return [_build_cell(row, starts[row["ticker"]], levels) for row in table.to_dict("records")]


def list_levels(config: Config) -> tuple[float, ...]:
    """Return the probability of the interval, and those of the further ones."""
    return (config.report.interval, *config.report.intervals)


def _add_intervals(
    table: pd.DataFrame, past_errors: pd.DataFrame, levels: Sequence[float]
) -> pd.DataFrame:
    """Return the forecasts of a session with the bounds of intervals; NaN without enough errors."""
    past = past_errors.loc[past_errors["horizon"].isin(table["horizon"].unique()), ERROR_COLUMNS]
    now = table.assign(model="", log_error=np.nan)[ERROR_COLUMNS]
    rows = pd.concat([past.assign(model=""), now], ignore_index=True) if len(past) else now
    level, *further = levels
    found = compute_intervals(rows, level, further).tail(len(now))
    names = ["lower", "upper", *(name for each in further for name in name_bounds(each))]
    variance = table["variance"].to_numpy()
    return table.assign(
        **{name: variance * np.exp(found[f"log_{name}"].to_numpy()) for name in names}
    )


def _build_cell(
    row: dict[Hashable, Any], target_start: np.datetime64, levels: Sequence[float]
) -> Cell:
    names = {f"{level:g}": name_bounds(level) for level in levels[1:]}
    bounds = {level: [float(row[name]) for name in pair] for level, pair in names.items()}
    known = {level: pair for level, pair in bounds.items() if np.isfinite(pair).all()}
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
        intervals=known or None,
    )
