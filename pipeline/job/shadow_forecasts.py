"""The walk-forward of two models over the same past sessions, for a shadow period."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.baselines.har import LogHAR
from volcast.models.forecaster import Forecaster
from volcast.pipeline.backtest.model_factory import build_network
from volcast.pipeline.backtest.walk_forward import fit_models, forecast_within_bounds
from volcast.pipeline.cluster.local_threads import ThreadExecutor
from volcast.pipeline.cluster.work import Executor, OnStart, Work, compute_in_order
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ClusterError, DataError
from volcast.pipeline.job.challenger import build_fold
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.panel.panel_table import lay_out_as_stored, read_panel, write_panel
from volcast.pipeline.progress import Progress
from volcast.pipeline.vintages.catalogue import hash_vintages

Block: TypeAlias = tuple[int, int]  # the first origin and the one after the last


@dataclass(frozen=True)
class Contestant:
    """A model that takes part: its settings, its panel, and whether it is the network or HAR."""

    config: Config
    panel: Panel
    model: str = NETWORK


def forecast_shadow_period(
    contestants: Mapping[str, Contestant],
    period: slice,
    horizon: int,
    progress: Progress,
    executor: Executor | None = None,
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
    executor
        Computes the blocks; None: this process, one after the other.

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
    blocks = [(start, min(start + every, period.stop)) for start in starts]
    progress.stage(f"computing a shadow period from {panel.sessions[period.start].date()} on")
    networks = [name for name, each in contestants.items() if each.model == NETWORK]

    def show_start(name: str, number: int) -> None:
        place = networks.index(name) * len(blocks) + number
        first = panel.sessions[blocks[number][0]]
        progress.fold(place, len(networks) * len(blocks), str(first.date()))

    for name, contestant in contestants.items():
        if name in networks:
            show = partial(show_start, name)
            table[name] = _walk_forward(contestant, blocks, horizon, progress, show, executor)
        else:  # HAR takes no time
            table[name] = _walk_forward(contestant, blocks, horizon, progress, lambda _: None)
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


def _walk_forward(
    contestant: Contestant,
    blocks: Sequence[Block],
    horizon: int,
    progress: Progress,
    on_start: OnStart,
    executor: Executor | None = None,
) -> np.ndarray:
    """Return the variances (n, N) that a model forecasts over consecutive blocks."""
    panel, config, model = contestant.panel, contestant.config, contestant.model
    panel = lay_out_as_stored(panel)
    vintages = hash_vintages(config)
    compute = partial(forecast_block, config=config, model=model, horizon=horizon, known=vintages)
    with _store(panel if executor else None) as file:
        work = Work(compute, read_panel, file, panel)
        chosen = executor or ThreadExecutor()
        return np.concatenate(compute_in_order(chosen, work, blocks, progress, on_start))


@contextmanager
def _store(panel: Panel | None) -> Iterator[Path]:
    """Yield a temporary file with the panel, if there is one."""
    with tempfile.TemporaryDirectory(prefix="volcast-shadow-") as folder:
        file = Path(folder) / "panel.arrow"
        if panel is not None:
            write_panel(file, panel)
        yield file


def forecast_block(
    panel: Panel,
    block: Block,
    progress: Progress,
    *,
    config: Config,
    model: str,
    horizon: int,
    known: Mapping[str, str | None],
) -> np.ndarray:
    """Return the variances (n, N) that a model forecasts after training before a block.

    They are NaN where the history is short.

    Raises
    ------
    ClusterError
        This machine has other pretrained networks than those that are `known` to the driver.
    """
    if hash_vintages(config) != known:
        raise ClusterError(
            "a node has other pretrained networks in model.pretrained; copy the same ones to every "
            "node"
        )
    fold = build_fold(panel, config, block[0])
    forecaster = _build_model(model, config, panel.sessions[fold.validation.start])
    bounds, _ = fit_models({model: forecaster}, build_sample(panel), fold)
    sample = build_sample(panel).until(block[1] - 1)
    found = forecast_within_bounds(forecaster, sample, slice(*block), bounds)
    variance = np.where(found["short_history"], np.nan, found["variance"])
    return np.asarray(variance[:, :, panel.horizons.index(horizon)])


def _build_model(model: str, config: Config, first_untrained: pd.Timestamp) -> Forecaster:
    """Return the model, not yet fitted."""
    if model == REFERENCE:
        return LogHAR()
    return build_network(config, first_untrained.to_datetime64())
