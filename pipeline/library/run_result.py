"""A finished run as an object: its tables, its figures, its report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from volcast.pipeline.backtest.run_folder import DIAGNOSIS, FEATURES, MODEL, REPORT_HTML
from volcast.pipeline.errors import ConfigError, RunFolderError
from volcast.pipeline.files import write_text
from volcast.pipeline.library.axes import draw_on_axes
from volcast.pipeline.library.explanation import (
    Explanation,
    build_explanation,
    predict_with_network,
)
from volcast.pipeline.library.forecast_result import choose_ticker
from volcast.pipeline.library.html import render_html
from volcast.pipeline.library.run_tables import RunTables
from volcast.pipeline.library.summary import Summary
from volcast.pipeline.progress import Progress
from volcast.pipeline.text import format_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TICKERS_SHOWN = 5
SCORES_SHOWN = ["horizon", "model", "rows", "qlike", "ratio_to_har", "dm_p_value", "coverage"]
MAP = "map"


@dataclass(frozen=True, eq=False)
class Run(RunTables):
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

        Raises
        ------
        DataError
            The run has too little history before the test to measure it on.
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
        from volcast.reports.scoring.scored_rows import scored_rows

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
        name = choose_ticker(self.newest, ticker)
        horizons = sorted(int(each) for each in self.newest["horizon"].unique())
        if horizon is not None and horizon not in horizons:
            raise ConfigError(f"horizon {horizon} was not forecast; choose from {horizons}")
        return name, horizon or horizons[0]
