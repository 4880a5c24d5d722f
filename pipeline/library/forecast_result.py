"""Forecasts of a pretrained network as an object: its table, its figures, its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.files import write_text
from volcast.pipeline.library.axes import draw_on_axes
from volcast.pipeline.library.explanation import (
    Explanation,
    build_explanation,
    predict_with_vintage,
)
from volcast.pipeline.library.html import render_html
from volcast.pipeline.library.summary import Summary
from volcast.pipeline.text import format_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from volcast.pipeline.vintages.forecast import PretrainedForecast

SESSIONS_DRAWN = 88  # of measured volatility beside a forecast: three months, and one before
TICKERS_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Forecast:
    """Forecasts of a pretrained network from the newest session of each ticker.

    Made by `volcast.forecast`. Volatilities are annualised, in percent, in the level of returns
    from close to close.

    Attributes
    ----------
    config
        The settings.
    levels
        The levels of the intervals in percent.
    probabilities
        Those of `quantiles`.
    found
        Variances, inputs and the network, for further use.
    table
        The forecasts of `volcast.pipeline.library.newest`.
    quality
        What the quality rules found in the prices.

    Examples
    --------
    >>> import volcast
    >>> prices = volcast.load_prices(source="sample-stocks", tickers=["AAPL"])
    >>> result = volcast.forecast(prices, horizons=[5], level=90)
    >>> result.forecasts[["ticker", "horizon"]].to_numpy().tolist()
    [['AAPL', 5]]
    >>> result.quantiles.columns.tolist()[:4]
    ['ticker', 'horizon', 0.01, 0.05]
    """

    config: Config
    levels: tuple[float, ...]
    probabilities: tuple[float, ...]
    found: PretrainedForecast
    table: pd.DataFrame
    quality: pd.DataFrame

    @property
    def forecasts(self) -> pd.DataFrame:
        """One row a ticker and horizon.

        `ticker`; `horizon` in sessions; `origin`, the last session known; `from` and `to`, the
        first and the last session forecast; `volatility`; `lower_80`, `upper_80` and so on, the
        bounds of the interval of each level, for the measured volatility; `har`, the forecast of
        HAR, fitted to all prices; `last`, the volatility measured in the last session;
        `without_report`, the forecast as if no earnings report came (NaN unless one is expected);
        `report` and `history`, what is known of the next report, and how short the history is.
        """
        rows = self.table
        dates = {"from": rows["target_start"], "to": rows["target_end"]}
        bounds: dict[str, Any] = {}
        for level in self.levels:
            tail = (1.0 - level / 100.0) / 2.0
            bounds[f"lower_{level:g}"] = self._compute_quantile(tail)
            bounds[f"upper_{level:g}"] = self._compute_quantile(1.0 - tail)
        notes = {name: rows[name] for name in ("without_report", "report", "history")}
        columns = {**dates, "volatility": rows["volatility"], **bounds}
        columns |= {"har": rows["har"], "last": rows["today"], **notes}
        return rows[["ticker", "horizon", "origin"]].assign(**columns)

    @property
    def quantiles(self) -> pd.DataFrame:
        """The predictive distribution of the measured volatility: `ticker, horizon`, a column each.

        The columns are named by their probability, such as 0.05; values are annualised percent.
        """
        columns = {p: self._compute_quantile(p) for p in self.probabilities}
        return pd.concat([self.table[["ticker", "horizon"]], pd.DataFrame(columns)], axis=1)

    @property
    def failures(self) -> dict[str, str]:
        """Ticker to the reason why it has no forecast."""
        return dict(self.found.failures)

    @property
    def vintage(self) -> str:
        """The name of the pretrained network, which is the month of the last prices it saw."""
        return self.found.vintage.name

    def summary(self) -> Summary:
        """Return the forecasts as text that prints itself."""
        rows = self.forecasts
        tickers = list(rows["ticker"].unique())
        facts = {
            "Tickers": format_names(tickers, TICKERS_SHOWN),
            "Horizons in sessions": ", ".join(map(str, sorted(rows["horizon"].unique()))),
            "Data to the close of": f"{rows['origin'].max():%Y-%m-%d}",
            "Pretrained network": self.vintage,
        }
        spent = [name for name in ("report", "history") if not rows[name].any()]
        empty = [name for name in ("without_report",) if rows[name].isna().all()]
        shown = rows.drop(columns=["origin", *spent, *empty])
        left_out = [f"{ticker} is left out: {why}" for ticker, why in self.failures.items()]
        note = "Nothing was trained or judged; volcast.backtest compares with HAR out of sample."
        table = {"Annualised volatility (%)": shown}
        return Summary("Volatility forecast", facts, table, (note, *left_out))

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return render_html(self.summary())

    def plot(self, ticker: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw the last three months as measured, and the forecasts with their intervals.

        Parameters
        ----------
        ticker
            Which one; None: the first.
        ax
            Where to draw; None: a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ConfigError
            The ticker was not forecast.
        """
        from volcast.reports.figures.outlook import draw_outlook

        rows = self.forecasts
        name = choose_ticker(rows, ticker)
        own, measured = rows[rows["ticker"] == name], self._measure(name)

        def draw(axes: Axes) -> None:
            draw_outlook(measured, own, axes, levels=self.levels)
            if ax is None:
                axes.set_title(name, loc="right")

        return draw_on_axes(draw, ax)

    def explain(self, ticker: str | None = None, horizon: int | None = None) -> Explanation:
        """Return which features moved a forecast, against one from the year's mean features.

        Parameters
        ----------
        ticker
            Which one; None: the first.
        horizon
            In sessions; None: the shortest.

        Returns
        -------
        Explanation
            Its table has the contribution of each feature.

        Raises
        ------
        ConfigError
            The ticker or the horizon was not forecast.
        """
        inputs, name = self.found.inputs, choose_ticker(self.table, ticker)
        horizons = sorted({int(each) for each in self.table["horizon"]})
        predict = predict_with_vintage(self.found.vintage, inputs.names, horizons)
        return build_explanation(inputs, self.table, name, horizon, predict)

    def report(self, path: str | Path) -> Path:
        """Write the forecasts and figures as one HTML file without outside resources.

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
        StorageError
            The file cannot be written.
        """
        from volcast.reports.outlook import render_outlook

        rows = self.forecasts
        tickers = list(rows["ticker"].unique())
        write_text(
            Path(path),
            render_outlook(
                rows,
                {ticker: self._measure(ticker) for ticker in tickers},
                levels=self.levels,
                vintage=self.vintage,
            ),
        )
        return Path(path)

    def _compute_quantile(self, probability: float) -> pd.Series:
        """Return a quantile of the measured volatility of each row of the table."""
        from volcast.pipeline.vintages.forecast import find_log_error

        vintage = self.found.vintage
        error = {
            horizon: find_log_error(vintage, int(horizon), probability)
            for horizon in self.table["horizon"].unique()
        }
        factor = np.exp(self.table["horizon"].map(error).to_numpy(np.float64) / 2.0)
        return pd.Series(self.table["volatility"].to_numpy(np.float64) * factor)

    def _measure(self, ticker: str) -> pd.DataFrame:
        """Return `session, volatility` of the last months of a ticker."""
        from volcast.features.units import volatility_annual_pct
        from volcast.pipeline.backtest.volatility_columns import map_periods_per_year

        rows = self.found.measured
        own = rows[rows["ticker"] == ticker].tail(SESSIONS_DRAWN)
        periods = map_periods_per_year([ticker], self.config)[ticker]
        volatility = volatility_annual_pct(own["variance"] * own["level_factor"], periods)
        return own[["session"]].assign(volatility=volatility).reset_index(drop=True)


def choose_ticker(rows: pd.DataFrame, ticker: str | None) -> str:
    """Return the ticker if it was forecast, the first one for None.

    Raises
    ------
    ConfigError
        It was not forecast.
    """
    known = [str(each) for each in rows["ticker"].unique()]
    if ticker is not None and ticker not in known:
        raise ConfigError(f"{ticker} has no forecast; choose from {format_names(known, 20)}")
    return known[0] if ticker is None else ticker
