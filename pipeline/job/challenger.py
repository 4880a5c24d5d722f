"""A challenger: a network fitted on what was known before a session, and its past errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.baselines.har import LogHAR
from volcast.models.forecast_intervals import ERROR_COLUMNS, compute_log_error
from volcast.models.forecaster import Forecaster
from volcast.models.insanity_filter import Bounds
from volcast.pipeline.backtest.folds import check_rows, make_split_rule
from volcast.pipeline.backtest.model_factory import build_network
from volcast.pipeline.backtest.splits import Fold
from volcast.pipeline.backtest.training_curves import build_training_curves
from volcast.pipeline.backtest.walk_forward import (
    arrange_by_ticker,
    fit_models,
    forecast_within_bounds,
)
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.registry.model_folder import StoredModel


@dataclass(frozen=True)
class Challenger:
    """A fitted model, its training curves, and its losses on the validation part."""

    model: StoredModel
    history: pd.DataFrame
    metrics: dict[str, float]


def build_fold(panel: Panel, config: Config, origin: int) -> Fold:
    """Return the fold of the walk-forward whose first test origin is at position `origin`.

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
    check_rows(panel, build_sample(panel), fold, config)
    return fold


def fit_har(panel: Panel, config: Config, origin: int) -> tuple[LogHAR, Bounds]:
    """Fit HAR on the fold that begins at position `origin`; return it with the filter's bounds.

    HAR is not stored: the same bars give the same coefficients.
    """
    har = LogHAR()
    bounds, _ = fit_models({REFERENCE: har}, build_sample(panel), build_fold(panel, config, origin))
    return har, bounds


def train_challenger(
    panel: Panel, config: Config, origin: int, past: pd.DataFrame | None
) -> Challenger:
    """Fit the network for forecasts from position `origin` on, without using that session.

    Parameters
    ----------
    panel
        Features and targets; nothing from `origin` on is used.
    config
        The settings of the model and of its split.
    origin
        Position of the first session that is forecast.
    past
        Log errors of earlier forecasts whose outcomes are known (`ERROR_COLUMNS`); for a model and
        horizon without any, as for the first network, those of the validation part are used.

    Raises
    ------
    DataError
        The history before `origin` is too short.
    """
    fold, sample = build_fold(panel, config, origin), build_sample(panel)
    network = build_network(config, sample.sessions[fold.validation.start])
    models: dict[str, Any] = {NETWORK: network, REFERENCE: LogHAR()}
    bounds, _ = fit_models(models, sample, fold)
    validation = pd.concat(
        [
            _compute_validation_errors(model, bounds, panel, fold).assign(model=name)
            for name, model in models.items()
        ],
        ignore_index=True,
    )[ERROR_COLUMNS]
    model = StoredModel(
        network=network,
        bounds=bounds,
        tickers=panel.tickers,
        features=panel.names,
        horizons=panel.horizons,
        past_errors=_complete_errors(past, validation),
        trained_through=panel.sessions[origin - 1].date(),
    )
    history = build_training_curves(network.regressor, 0, panel.horizons)
    return Challenger(model, history, _compute_validation_losses(validation))


def _compute_validation_errors(
    model: Forecaster, bounds: Bounds, panel: Panel, fold: Fold
) -> pd.DataFrame:
    """Return the log errors on the validation part that are known at the fold's first origin."""
    sample = build_sample(panel).until(fold.validation.stop - 1)
    found = forecast_within_bounds(model, sample, fold.validation, bounds)
    table = arrange_by_ticker(found, panel, fold.validation)
    table["log_error"] = compute_log_error(table["realized"], table["variance"])
    known = table["target_end"] <= panel.sessions[fold.test.start]
    return pd.DataFrame(table[known & np.isfinite(table["log_error"])])


def _complete_errors(past: pd.DataFrame | None, validation: pd.DataFrame) -> pd.DataFrame:
    """Return past errors, and those of the validation part for models and horizons without any."""
    if past is None or past.empty:
        return validation
    key = ["model", "horizon"]
    is_new = ~pd.MultiIndex.from_frame(validation[key]).isin(pd.MultiIndex.from_frame(past[key]))
    return pd.concat([past, validation[is_new]], ignore_index=True)


def _compute_validation_losses(validation: pd.DataFrame) -> dict[str, float]:
    """Return the mean QLIKE of each model and horizon, by the name of the registry's metric."""
    error = validation["log_error"]
    loss = (np.exp(error) - error - 1.0).groupby([validation["model"], validation["horizon"]])
    return {
        f"validation_qlike_{horizon}_{name}": float(mean)
        for (name, horizon), mean in loss.mean().items()
    }
