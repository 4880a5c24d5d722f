"""The evaluation of a run: its forecasts with intervals, and their scores, horizon by horizon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK
from volcast.pipeline.backtest.evaluation import (
    FirstNetwork,
    add_returns,
    build_attribution_losses,
    build_forecast_table,
    calibrate_level,
    select_tail_rows,
)
from volcast.pipeline.backtest.fold_folder import (
    FORECASTS,
    MEMBERS,
    count_fold_rows,
    read_fold_tables,
)
from volcast.pipeline.backtest.model_factory import list_baselines
from volcast.pipeline.backtest.run_folder import read_table
from volcast.pipeline.backtest.stored_forecasts import HELD_ROWS, open_horizon
from volcast.pipeline.backtest.walk_forward import TEST
from volcast.pipeline.config.settings import Config
from volcast.pipeline.memory import release_memory
from volcast.pipeline.progress import Progress
from volcast.reports.scoring.gain_attribution import steps_table
from volcast.reports.scoring.horizon_forecasts import ScoredModels
from volcast.reports.scoring.risk import RISK_COLUMNS, risk_table
from volcast.reports.scoring.scores import score_models
from volcast.reports.scoring.value_at_risk import tail_forecasts

SCORED_COLUMNS = [
    *("fold", "origin", "target_end", "ticker", "horizon", "model", "variance", "lower", "upper"),
    *("clipped", "fallback", "short_history", "realized", "level_factor"),
    "variance_without_report",
]


class Evaluation:
    """Builds the forecast table of a run from its finished folds, and scores it.

    The forecasts of one model and horizon are held at a time; of a small run all are built at once.

    Parameters
    ----------
    folders
        Of the folds, the first one first.
    panel, config
        Those of the run.

    Examples
    --------
    The forecasts must have been written before they are scored::

        write_parts(path, evaluation.iterate_parts())
        scores, steps = evaluation.score(path)
    """

    def __init__(self, folders: Sequence[Path], panel: Panel, config: Config) -> None:
        self._folders, self._panel, self._config = folders, panel, config
        self._risk: dict[str, pd.DataFrame] = {}

    def iterate_parts(self) -> Iterator[pd.DataFrame]:
        """Yield the forecast table in parts, sorted by horizon and model."""
        report = self._config.report
        for part in self._parts:
            folds = read_fold_tables(self._folders, FORECASTS, **part)
            folds = calibrate_level(add_returns(folds, self._panel))
            for model, own in select_tail_rows(folds).groupby("model"):
                self._risk[str(model)] = risk_table(tail_forecasts(own))
            yield build_forecast_table(folds, report.interval, report.intervals)
            del folds
            release_memory()

    @property
    def risk(self) -> pd.DataFrame:
        """The tests of value at risk (`risk_table`); empty without the horizon of one session."""
        tables = [self._risk[model] for model in self._list_models() if model in self._risk]
        return (
            pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=RISK_COLUMNS)
        )

    def count_parts(self) -> int:
        """Return the number of parts."""
        return len(self._parts)

    def score(self, path: Path, progress: Progress) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the score table and the steps of the network's gain.

        Parameters
        ----------
        path
            The file of the parts.
        progress
            Receives the progress.
        """
        level = self._config.report.interval
        first = FirstNetwork(self._folders[0], self._panel, self._find_first_test())
        scores, steps = [], []
        horizons = sorted(self._panel.horizons)
        for horizon in progress.track(horizons, len(horizons), str):
            models = ScoredModels(open_horizon(path, horizon, self._config, SCORED_COLUMNS))
            scores.append(score_models(models, horizon, interval_level=level))
            members = read_fold_tables(self._folders, MEMBERS, horizon=horizon)
            losses = build_attribution_losses(models, members, first.tabulate(horizon))
            steps.append(steps_table(losses))
            del models, members, losses
            release_memory()
        return pd.concat(scores, ignore_index=True), pd.concat(steps, ignore_index=True)

    @cached_property
    def _parts(self) -> list[dict[str, Any]]:
        """The values of columns that select each part of the forecasts, in order."""
        if count_fold_rows(self._folders, FORECASTS) <= HELD_ROWS:
            return [{}]
        pairs = product(sorted(self._panel.horizons), sorted(self._list_models()))
        return [{"horizon": horizon, "model": model} for horizon, model in pairs]

    def _list_models(self) -> list[str]:
        return [*list_baselines(self._config, len(self._panel.tickers)), NETWORK]

    def _find_first_test(self) -> int:
        """Return the position of the first tested origin."""
        path, options = self._folders[0] / FORECASTS, {"filters": [("part", "==", TEST)]}
        first = read_table(path, columns=["origin"], **options)["origin"].min()
        return int(self._panel.sessions.searchsorted(first))
