"""The walk-forward of two models over the same past sessions, for a shadow period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.baselines.har import LogHAR
from volcast.models.forecaster import Forecaster
from volcast.pipeline.backtest.model_factory import build_network
from volcast.pipeline.backtest.splits import Fold
from volcast.pipeline.backtest.walk_forward import fit_models, forecast_within_bounds
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.job.challenger import build_fold
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.progress import Progress


@dataclass(frozen=True)
class Contestant:
    """A model that takes part: its settings, its panel, and whether it is the network or HAR."""

    config: Config
    panel: Panel
    model: str = NETWORK

    def build(self, fold: Fold) -> Forecaster:
        """Return the model, not yet fitted."""
        if self.model == REFERENCE:
            return LogHAR()
        first_untrained = self.panel.sessions[fold.validation.start].to_datetime64()
        return build_network(self.config, first_untrained)


def forecast_shadow_period(
    contestants: Mapping[str, Contestant], period: slice, horizon: int, progress: Progress
) -> pd.DataFrame:
    """Return what models would have forecast, trained on what was known before each block.

    Parameters
    ----------
    contestants
        By name; their panels have the same sessions and tickers. The last one's
        `split.refit_every` is the length of a block.
    period
        The positions of the origins.
    horizon
        In sessions.
    progress
        Reports the blocks.

    Returns
    -------
    DataFrame
        `origin, ticker, realized` and a column of daily variances for each model, where all of them
        forecast from a history that is not short, and the target had ended by the session after the
        period.

    Raises
    ------
    DataError
        The period is empty, the history before it is too short, or the panels do not fit together.
    """
    if period.start >= period.stop:
        raise DataError("no session is left for a shadow period")
    panel, every = _check(contestants, horizon)
    place = panel.horizons.index(horizon)
    known = panel.target_end[period, :, place] <= panel.sessions.to_numpy()[period.stop]
    table = {"realized": np.where(known, panel.target[period, :, place], np.nan)}
    starts = range(period.start, period.stop, every)
    progress.stage(f"computing a shadow period from {panel.sessions[period.start].date()} on")
    blocks: dict[str, list[np.ndarray]] = {name: [] for name in contestants}
    for number, start in enumerate(starts):
        progress.fold(number, len(starts), str(panel.sessions[start].date()))
        origins = slice(start, min(start + every, period.stop))
        for name, contestant in contestants.items():
            blocks[name].append(_forecast_block(contestant, origins, horizon))
    table |= {name: np.concatenate(parts) for name, parts in blocks.items()}
    days, tickers = panel.sessions[period], panel.tickers
    index = pd.MultiIndex.from_product([days, tickers], names=["origin", "ticker"])
    rows = pd.DataFrame({name: values.ravel() for name, values in table.items()}, index=index)
    return rows[(rows > 0).all(axis=1)].reset_index()


def _check(contestants: Mapping[str, Contestant], horizon: int) -> tuple[Panel, int]:
    """Return the panel of the last contestant, and its number of sessions between trainings."""
    last = list(contestants.values())[-1]
    for each in contestants.values():
        same = each.panel.sessions.equals(last.panel.sessions)
        if not (same and each.panel.tickers == last.panel.tickers):
            raise DataError("the panels of the shadow period differ in sessions or tickers")
        if horizon not in each.panel.horizons:
            raise DataError(f"no forecasts of {horizon} sessions: job.gate_horizon is not a target")
    return last.panel, last.config.split.refit_every


def _forecast_block(contestant: Contestant, origins: slice, horizon: int) -> np.ndarray:
    """Return the variances, (n, N), that a model forecasts after training before `origins`.

    They are NaN where the history is short.
    """
    panel = contestant.panel
    fold = build_fold(panel, contestant.config, origins.start)
    model = contestant.build(fold)
    bounds, _ = fit_models({contestant.model: model}, build_sample(panel), fold)
    sample = build_sample(panel).until(origins.stop - 1)
    found = forecast_within_bounds(model, sample, origins, bounds)
    variance = np.where(found["short_history"], np.nan, found["variance"])
    return variance[:, :, panel.horizons.index(horizon)]
