"""A finished run as an object: its tables, its figures, its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from volcast.pipeline.backtest.run_folder import (
    DIAGNOSIS,
    FEATURES,
    FORECASTS,
    HISTORY,
    MODEL,
    QUALITY,
    REPORT_HTML,
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
from volcast.pipeline.files import write_text
from volcast.pipeline.library.axes import draw_on_axes
from volcast.pipeline.library.explanation import (
    Explanation,
    build_explanation,
    predict_with_network,
)
from volcast.pipeline.library.html import render_html
from volcast.pipeline.library.newest import build_newest_table
from volcast.pipeline.library.summary import Summary
from volcast.pipeline.progress import Progress
from volcast.pipeline.text import format_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TICKERS_SHOWN = 5
QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
SCORES_SHOWN = ["horizon", "model", "rows", "qlike", "ratio_to_har", "dm_p_value", "coverage"]
MAP = "map"


@dataclass(frozen=True, eq=False)
class Run:
    """A backtest in its run folder; made by `volcast.backtest`, `volcast.run` and `volcast.load`.

    Tables are read when they are first used. docs/tables.md describes all columns.

    Attributes
    ----------
    folder
        The run folder.

    Examples
    --------
    >>> import tempfile
    >>> import volcast
    >>> folder = tempfile.mkdtemp()
    >>> run = volcast.run(folder, until="download", tickers="^GSPC", end="2004-12-31")
    >>> run.quality[["ticker", "rule", "rows"]].to_numpy().tolist()
    [['^GSPC', 'bars', 1508]]
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

    def compute_quantiles(self, probabilities: Sequence[float]) -> pd.DataFrame:
        """Return `quantiles` at probabilities of your own, in (0, 1).

        Raises
        ------
        ConfigError
            A probability is not in (0, 1).
        """
        from volcast.features.units import volatility_annual_pct
        from volcast.models.baselines.catalogue import NETWORK
        from volcast.pipeline.backtest import evaluation, fold_folder
        from volcast.pipeline.backtest.volatility_columns import map_periods_per_year

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

    def summary(self) -> Summary:
        """Return settings, scores and newest forecasts as text that prints itself."""
        model, stages = self.config.model, self.manifest["stages"]
        tested = self.forecasts["origin"]
        facts = {
            "Tickers": format_names(self.tickers, TICKERS_SHOWN),
            "Folds": str(stages["train"]["summary"]["folds"]),
            "First test origin": f"{tested.min():%Y-%m-%d}",
            "Last test origin": f"{tested.max():%Y-%m-%d}",
            "Learning rate": f"{model.learning_rate:g}",
            "Batch size": str(model.batch_size or "automatic"),
            "Networks": str(model.members),
            "Optimizer": model.optimizer,
        }
        pooled = self.scores[self.scores["ticker"] == "all"][SCORES_SHOWN]
        order = pooled.sort_values(["horizon", "qlike"], ignore_index=True)
        columns = ["ticker", "horizon", "target_start", "target_end", "volatility"]
        columns += ["volatility_lower", "volatility_upper", "har"]
        newest = self.newest[columns].rename(
            columns={
                "target_start": "from",
                "target_end": "to",
                "volatility_lower": "lower",
                "volatility_upper": "upper",
            }
        )
        tables = {"Scores out of sample": order, "Newest forecasts (annualised, %)": newest}
        training = str(stages["train"]["summary"]["verdict"])
        return Summary("Volatility backtest", facts, tables, (self.verdict, training))

    def __repr__(self) -> str:
        return f"<volcast.Run in {self.folder}>"

    def _repr_html_(self) -> str:
        return render_html(self.summary())

    def plot(
        self, ticker: str | None = None, horizon: int | None = None, *, ax: Axes | None = None
    ) -> Axes:
        """Draw a year of forecasts with their interval against the realised volatility and HAR.

        Parameters
        ----------
        ticker, horizon
            Which forecasts; None: the first ticker, the shortest horizon.
        ax
            Where to draw; None: a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ConfigError
            The ticker or the horizon was not forecast.
        """
        from volcast.models.baselines.catalogue import NETWORK
        from volcast.reports.figures.forecast import forecast_against_realized
        from volcast.reports.scoring.breakdowns import recent_forecasts

        ticker, horizon = self._choose(ticker, horizon)
        own = self.forecasts[self.forecasts["ticker"] == ticker]
        recent = recent_forecasts(own, horizon=horizon, model=NETWORK)
        level = self.config.report.interval

        def draw(axes: Axes) -> None:
            forecast_against_realized(recent, axes, model=NETWORK, interval_level=level)

        return draw_on_axes(draw, ax)

    def plot_curves(self, loss: str = "val_loss", *, ax: Axes | None = None) -> Axes:
        """Draw the training curves of all folds, relative to their HAR start.

        Parameters
        ----------
        loss
            "val_loss" or "train_loss".
        ax
            Where to draw; None: a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ConfigError
            There is no such loss.
        """
        from volcast.reports.figures.training import (
            LABEL_OF_LOSS,
            curves_by_fold,
            training_curves,
        )

        if loss not in LABEL_OF_LOSS:
            raise ConfigError(f"loss must be one of {', '.join(LABEL_OF_LOSS)}; got {loss!r}")
        curves = curves_by_fold(self.curves, loss)
        return draw_on_axes(lambda axes: training_curves(curves, axes, loss=loss), ax)

    def plot_map(self, *, ax: Axes | None = None) -> Axes:
        """Draw the map of learning rate and batch size: QLIKE relative to HAR, before the test.

        If the run has none (its setting ``parts`` names "map"), it is measured now: networks are
        trained at every pair of both, which takes some seconds to a minute.

        Parameters
        ----------
        ax
            Where to draw; None: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from volcast.reports.figures.settings_map import settings_map
        from volcast.reports.training.settings_map import judge

        tables, configured = self._map
        judged = judge(tables["seeds"], tables["cells"])
        return draw_on_axes(
            lambda axes: settings_map(judged.cells, judged.ridge, configured, axes), ax
        )

    def plot_calibration(self, horizon: int | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw where in the forecast density outcomes fall: even bars mean right probabilities.

        Parameters
        ----------
        horizon
            In sessions; None: the shortest.
        ax
            Where to draw; None: a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ConfigError
            The horizon was not forecast.
        """
        from volcast.models.baselines.catalogue import NETWORK
        from volcast.reports.figures.density import pit_bars
        from volcast.reports.scoring.breakdowns import pit_histogram
        from volcast.reports.scoring.scores import scored_rows

        _, horizon = self._choose(None, horizon)
        table = pit_histogram(scored_rows(self.forecasts), NETWORK)
        part = table[table["horizon"] == horizon]
        return draw_on_axes(lambda axes: pit_bars(part, axes, model=NETWORK), ax)

    def explain(self, ticker: str | None = None, horizon: int | None = None) -> Explanation:
        """Return which features moved a newest forecast, against one from the year's mean features.

        Parameters
        ----------
        ticker, horizon
            Which forecast; None: the first ticker, the shortest horizon.

        Returns
        -------
        Explanation
            Its table has the contribution of each feature.

        Raises
        ------
        ConfigError
            The ticker or the horizon was not forecast.
        """
        from volcast.models.explanation import select_input_rows
        from volcast.models.pretrained.network_folder import load_network
        from volcast.pipeline.panel.build import build_sample
        from volcast.pipeline.panel.panel_table import read_panel

        ticker, horizon = self._choose(ticker, horizon)
        panel = read_panel(self.folder / FEATURES)
        own = self.newest[self.newest["ticker"] == ticker]
        at = int(panel.sessions.searchsorted(own["origin"].iloc[0]))
        inputs = select_input_rows(build_sample(panel), panel.tickers, {ticker: at})
        last = sorted((self.folder / MODEL).glob("fold-*"))[-1]
        network, column = load_network(last), list(panel.tickers).index(ticker)
        predict = predict_with_network(network, panel.names, panel.horizons, column)
        return build_explanation(inputs, own, ticker, horizon, predict)

    def report(self, path: str | Path) -> Path:
        """Write the report of the run to a file: one HTML page without outside resources.

        Parameters
        ----------
        path
            Of the file; it is replaced.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        RunFolderError
            The run has no report yet.
        StorageError
            The file cannot be written.
        """
        source = self.folder / REPORT_HTML
        if not source.exists():
            raise RunFolderError(f"{source} is missing; run `volcast report {self.folder}` first")
        write_text(Path(path), source.read_text(encoding="utf-8"))
        return Path(path)

    @cached_property
    def _map(self) -> tuple[dict[str, pd.DataFrame], tuple[float, int]]:
        """The tables of the map, and the configured learning rate and batch size."""
        from volcast.pipeline.backtest.development_split import build_development_problem
        from volcast.pipeline.diagnostics.tables import measure_diagnostic, read_tables
        from volcast.pipeline.panel.panel_table import read_panel

        problem = build_development_problem(read_panel(self.folder / FEATURES), self.config)
        stored = read_tables(self.folder / DIAGNOSIS)
        tables = stored.get(MAP) or measure_diagnostic(MAP, problem, Progress())
        return tables, (problem.learning_rate, problem.batch_size)

    def _choose(self, ticker: str | None, horizon: int | None) -> tuple[str, int]:
        """Return the ticker and the horizon, the first of each for None."""
        tickers, horizons = self.tickers, sorted(int(h) for h in self.newest["horizon"].unique())
        if ticker is not None and ticker not in tickers:
            raise ConfigError(f"{ticker} has no forecast; choose from {format_names(tickers, 20)}")
        if horizon is not None and horizon not in horizons:
            raise ConfigError(f"horizon {horizon} was not forecast; choose from {horizons}")
        return ticker or tickers[0], horizon or horizons[0]
