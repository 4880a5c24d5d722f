"""Which features moved one forecast, as a table that sums to the change of the forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from volcast.models.explanation import InputRows, attribute_change
from volcast.models.forecaster import Float
from volcast.models.network import Network
from volcast.models.pretrained.network_folder import AnyNetwork
from volcast.models.pretrained.vintage import Vintage
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.library.axes import draw_on_axes
from volcast.pipeline.library.html import render_html
from volcast.pipeline.library.summary import Summary

Predictor = Callable[[NDArray[np.float32]], Float]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a forecast is not that of a usual day.

    Attributes
    ----------
    ticker, horizon
        Of the forecast.
    volatility
        The forecast, annualised percent.
    usual_volatility
        What would be forecast if every feature had its mean over the last 250 sessions.
    table
        One row a feature, the largest share first: `feature`, its `value` at the origin and its
        `usual` one, its `contribution` to the log of the variance, and `effect_pct`, by how much it
        raises the volatility in percent. Contributions sum to
        ``log(volatility**2 / usual_volatility**2)``.

    Examples
    --------
    >>> import volcast
    >>> prices = volcast.load_prices(source="sample-stocks", tickers=["AAPL"])
    >>> explanation = volcast.forecast(prices).explain("AAPL", horizon=5)
    >>> change = 2 * np.log(explanation.volatility / explanation.usual_volatility)
    >>> bool(np.isclose(explanation.table["contribution"].sum(), change))
    True
    """

    ticker: str
    horizon: int
    volatility: float
    usual_volatility: float
    table: pd.DataFrame

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the effects of the features as bars; return the Axes.

        Parameters
        ----------
        ax
            Where to draw; None: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from volcast.reports.figures.attribution import draw_attribution

        return draw_on_axes(lambda axes: draw_attribution(self.table, axes), ax)

    def summary(self) -> Summary:
        """Return the explanation as text that prints itself."""
        facts = {
            "Ticker": self.ticker,
            "Horizon in sessions": str(self.horizon),
            "Forecast volatility": f"{self.volatility:.2f} %",
            "On a usual day": f"{self.usual_volatility:.2f} %",
        }
        note = (
            "Contributions are to the log of the variance and sum to that of the two volatilities, "
            "squared; effect_pct is what each alone does to the volatility."
        )
        moved = self.table[self.table["contribution"] != 0.0]
        return Summary("What moved the forecast", facts, {"Features": moved}, (note,))

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return render_html(self.summary())


def explain_forecast(
    inputs: InputRows, ticker: str, horizons: Sequence[int], horizon: int | None, predict: Predictor
) -> tuple[int, Float, Float]:
    """Return the position of a horizon, the shares of the features in its log, and the change.

    Raises
    ------
    ConfigError
        The ticker or the horizon was not forecast.
    """
    if ticker not in inputs.tickers:
        raise ConfigError(f"{ticker} has no forecast; choose from {', '.join(inputs.tickers)}")
    chosen = horizons[0] if horizon is None else horizon
    if chosen not in horizons:
        raise ConfigError(f"horizon {chosen} was not forecast; choose from {list(horizons)}")
    row, place = inputs.tickers.index(ticker), list(horizons).index(chosen)
    usual, newest = inputs.usual[row], inputs.newest[row]
    shares = attribute_change(predict, usual, newest)[:, place]
    both = predict(np.stack([usual, newest]))[:, place]
    return row, shares, both


def build_explanation(
    inputs: InputRows,
    rows: pd.DataFrame,
    ticker: str,
    horizon: int | None,
    predict: Predictor,
) -> Explanation:
    """Explain the forecast of a ticker.

    Parameters
    ----------
    inputs
        The features of all tickers.
    rows
        `ticker, horizon, volatility` of the forecasts; horizons ascending.
    ticker, horizon
        The forecast; the shortest horizon if `horizon` is None.
    predict
        Maps features (n, F) to log variances (n, H), the horizons in the order of `rows`.

    Raises
    ------
    ConfigError
        The ticker or the horizon was not forecast.
    """
    horizons = sorted({int(each) for each in rows["horizon"]})
    row, shares, (usual, newest) = explain_forecast(inputs, ticker, horizons, horizon, predict)
    chosen = horizons[0] if horizon is None else horizon
    own = rows[(rows["ticker"] == ticker) & (rows["horizon"] == chosen)]
    volatility = float(own["volatility"].iloc[0])
    table = pd.DataFrame(
        {
            "feature": inputs.names,
            "value": inputs.newest[row].astype(np.float64),
            "usual": inputs.usual[row].astype(np.float64),
            "contribution": shares,
            "effect_pct": 100.0 * np.expm1(shares / 2.0),
        }
    )
    order = table["contribution"].abs().sort_values(ascending=False, kind="stable").index
    return Explanation(
        ticker,
        chosen,
        volatility,
        volatility * float(np.exp((usual - newest) / 2.0)),
        table.loc[order].reset_index(drop=True),
    )


def predict_with_vintage(
    vintage: Vintage, names: Sequence[str], horizons: Sequence[int]
) -> Predictor:
    """Return the function from features (n, F) named `names` to log variances (n, H)."""

    def predict(x: NDArray[np.float32]) -> Float:
        return vintage.predict_log(names, x, horizons)

    return predict


def predict_with_network(
    network: AnyNetwork, names: Sequence[str], horizons: Sequence[int], column: int
) -> Predictor:
    """Return the function from features to log variances of the network of a run.

    `column` is the position of the ticker among those of the run.
    """

    def predict_locally(x: NDArray[np.float32]) -> Float:
        return np.log(network.regressor.predict(x).reshape(len(x), -1))

    if isinstance(network, Network):
        return predict_locally
    predict_pretrained = predict_with_vintage(network.vintage, names, horizons)
    combination = network.combination_
    one = type(combination)(combination.weight, combination.level[[column]])

    def predict(x: NDArray[np.float32]) -> Float:
        parts = predict_locally(x)[:, None], predict_pretrained(x)[:, None]
        return one.combine(*parts)[:, 0]

    return predict
