"""The tables of a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.pipeline.backtest.run_folder import (
    FORECASTS,
    HISTORY,
    MODEL,
    QUALITY,
    RISK,
    SCORES,
    STEPS,
    collect_failures,
    read_config,
    read_manifest,
    read_table,
)
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ConfigError, RunFolderError
from volcast.pipeline.library.newest import build_newest_table
from volcast.pipeline.library.settings import read_numbers

QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


@dataclass(frozen=True, eq=False)
class RunTables:
    """What a run folder holds, as tables that are read when they are first used.

    Attributes
    ----------
    folder
        The run folder.
    """

    folder: Path

    @cached_property
    def config(self) -> Config:
        """The settings of the run."""
        return read_config(self.folder)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """For each stage its key, the hashes of its inputs and outputs, seconds and a summary."""
        return read_manifest(self.folder)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row a horizon, ticker and model; the ticker `all` pools the tickers.

        `qlike` (no unit; lower is better), `ratio_to_har`, `dm_p_value` of the Diebold-Mariano test
        against HAR, `mse` and `mae` of the daily variance (squared log-return units),
        `rmse_volatility` and `pinball` (annualised percent), `coverage` (share) and more.
        """
        return read_table(self.folder / SCORES)

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """Every forecast of every model, out of sample: the forecast table of docs/tables.md.

        `variance`, `lower`, `upper` and `realized` are daily variances in squared log-return units,
        `volatility` and the columns that begin so are annualised percent.
        """
        from volcast.pipeline.backtest.volatility_columns import add_volatility

        return add_volatility(read_table(self.folder / FORECASTS), self.config)

    @cached_property
    def newest(self) -> pd.DataFrame:
        """The newest forecast of each ticker and horizon, annualised percent."""
        return build_newest_table(self.folder)

    @cached_property
    def quantiles(self) -> pd.DataFrame:
        """The predictive distribution of the newest forecasts: `ticker, horizon`, a column each.

        The columns are named by their probability, such as 0.05; values are quantiles of the
        measured volatility in annualised percent, NaN where too few errors are known.
        """
        return self.compute_quantiles(QUANTILES)

    def compute_quantiles(self, probabilities: Sequence[float] | float) -> pd.DataFrame:
        """Return `quantiles` at probabilities of your own.

        Parameters
        ----------
        probabilities
            One or several, in (0, 1).

        Raises
        ------
        ConfigError
            A probability is not in (0, 1).
        """
        from volcast.features.units import volatility_annual_pct
        from volcast.models.baselines.catalogue import NETWORK
        from volcast.pipeline.backtest import evaluation, fold_folder
        from volcast.pipeline.backtest.volatility_columns import map_periods_per_year

        probabilities = read_numbers("probabilities", probabilities, "0.5 or [0.05, 0.95]")
        if not all(0.0 < p < 1.0 for p in probabilities):
            raise ConfigError(f"probabilities must be in (0, 1); got {list(probabilities)}")
        folders = sorted((self.folder / MODEL).glob("fold-*"))
        folds = fold_folder.read_fold_tables(folders, fold_folder.FORECASTS)
        own = evaluation.calibrate_level(folds[folds["model"] == NETWORK])
        level = self.config.report.interval
        table = evaluation.build_quantile_table(own, level, probabilities)
        tickers = [str(ticker) for ticker in table["ticker"].unique()]
        periods = table["ticker"].map(map_periods_per_year(tickers, self.config))
        for probability in probabilities:
            table[probability] = volatility_annual_pct(table[probability], periods.to_numpy())
        return table

    @cached_property
    def curves(self) -> pd.DataFrame:
        """The training curves: `fold, member, epoch, train_loss, val_loss, learning_rate` and more.

        Epoch 0 is the untrained network, which is HAR.
        """
        return read_table(self.folder / HISTORY)

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """One row a fold: whether its training converged, overfitted, oscillated and so on.

        `fold, verdict, members, best_epoch, epochs, gain_vs_har_pct` and more; percentages are of
        the loss at epoch 0. `words` says it in a sentence, with a remedy.
        """
        from volcast.reports.training.curve_verdicts import judge_folds

        return judge_folds(self.curves, self.config.model.epochs)

    @cached_property
    def risk(self) -> pd.DataFrame:
        """Value at risk and expected shortfall of the next session, with their backtests.

        One row a level, model and ticker: `rows`, `exceedances`, `share`, p-values and the `zone`.
        """
        return read_table(self.folder / RISK)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The network's gain over HAR by step: information, nonlinearity, averaging and so on.

        `horizon, step, rows, qlike_before, qlike_after, gain_pct, error_pct`, in percent of HAR's
        QLIKE with a standard error.
        """
        return read_table(self.folder / STEPS)

    @cached_property
    def quality(self) -> pd.DataFrame:
        """What the quality rules found: `ticker, rule, action, rows` and the sessions."""
        return read_table(self.folder / QUALITY, keep_default_na=False)

    @property
    def failures(self) -> dict[str, str]:
        """Ticker to the reason why it is left out."""
        return collect_failures(self.manifest)

    @property
    def tickers(self) -> list[str]:
        """The tickers with a forecast."""
        return list(self.newest["ticker"].unique())

    @property
    def verdict(self) -> str:
        """Whether the network beats HAR and the other baselines, in words."""
        stages = self.manifest["stages"]
        if "evaluate" not in stages:
            raise RunFolderError(f"{self.folder} is not evaluated; run `volcast run` on it")
        return str(stages["evaluate"]["summary"]["verdict"])
