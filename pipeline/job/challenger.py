"""A challenger: the network fitted on what was known before a session, and how far off it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.baselines.har import LogHAR
from volcast.models.conformal import Float
from volcast.models.forecaster import Forecaster
from volcast.models.insanity_filter import Bounds
from volcast.models.network import Network
from volcast.pipeline.backtest.splits import Fold
from volcast.pipeline.backtest.training_curves import build_training_curves
from volcast.pipeline.backtest.walk_forward import (
    build_regressor,
    check_rows,
    fit_models,
    forecast_within_bounds,
    make_split_rule,
)
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.registry.model_folder import StoredModel

Errors = Mapping[str, Mapping[int, Float]]  # log errors by model and horizon


@dataclass(frozen=True)
class Challenger:
    """A freshly fitted model, its training curves, and its validation losses."""

    model: StoredModel
    history: pd.DataFrame
    metrics: dict[str, float]


def fold_from(panel: Panel, config: Config, origin: int) -> Fold:
    """Return the fold whose first tested origin is at position `origin`, as the walk cuts it.

    Raises
    ------
    DataError
        The history before is too short.
    """
    try:
        fold = next(make_split_rule(config, origin).folds(len(panel.sessions)))
    except ValueError as error:
        raise DataError(
            f"too little history before {panel.sessions[origin].date()} to train on: {error}"
        ) from error
    check_rows(panel, build_sample(panel), fold)
    return fold


def first_after(panel: Panel, through: str) -> int:
    """Return the position of the first origin after a training that saw all `through` a day."""
    return int(panel.sessions.searchsorted(pd.Timestamp(through))) + 1


def fitted_har(panel: Panel, config: Config, origin: int) -> tuple[LogHAR, Bounds]:
    """Return HAR as the walk fits it for a fold that begins at position `origin`, and the bounds.

    It is fitted anew whenever it is needed: the same bars give the same coefficients.
    """
    har = LogHAR()
    bounds, _ = fit_models({REFERENCE: har}, build_sample(panel), fold_from(panel, config, origin))
    return har, bounds


def train(panel: Panel, config: Config, origin: int, past: Errors | None) -> Challenger:
    """Fit the network for forecasts from position `origin` on; that session itself is not seen.

    `past` holds the log errors, by model and horizon, of forecasts before this one whose outcomes
    were known by then. Where there are none, as for the first network, those of the validation
    part are taken.
    """
    fold, sample = fold_from(panel, config, origin), build_sample(panel)
    models: dict[str, Any] = {NETWORK: Network(build_regressor(config)), REFERENCE: LogHAR()}
    bounds, _ = fit_models(models, sample, fold)
    validation = {
        name: _validation_errors(model, bounds, panel, fold) for name, model in models.items()
    }
    errors = {
        name: {h: (past or {}).get(name, {}).get(h, mine[h]) for h in panel.horizons}
        for name, mine in validation.items()
    }
    model = StoredModel(
        regressor=models[NETWORK].regressor,
        bounds=bounds,
        tickers=panel.tickers,
        features=panel.names,
        horizons=panel.horizons,
        log_residuals=errors[NETWORK],
        har_log_residuals=errors[REFERENCE],
        trained_through=panel.sessions[origin - 1].date(),
    )
    metrics = {
        f"validation_qlike_{horizon}_{name}": float((np.exp(e) - e - 1.0).mean())
        for name, by_horizon in validation.items()
        for horizon, e in by_horizon.items()
        if len(e)
    }
    history = build_training_curves(models[NETWORK].regressor, 0, panel.horizons)
    return Challenger(model, history, metrics)


def _validation_errors(
    model: Forecaster, bounds: Bounds, panel: Panel, fold: Fold
) -> dict[int, Float]:
    """Return the log errors on the validation part whose targets were known before the fold."""
    seen = build_sample(panel).until(fold.validation.stop - 1)
    variance = forecast_within_bounds(model, seen, fold.validation, bounds)["variance"]
    known = panel.target_end[fold.validation] < panel.sessions.to_numpy()[fold.test.start]
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.log(panel.target[fold.validation] / variance)
    errors = np.where(known & np.isfinite(errors), errors, np.nan)
    return {
        horizon: errors[:, :, place][np.isfinite(errors[:, :, place])]
        for place, horizon in enumerate(panel.horizons)
    }
