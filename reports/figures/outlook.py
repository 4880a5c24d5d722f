"""Draws the measured volatility of the last months, and the forecasts from their end."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import INK, date_axis, label_axes, legend_above, model_colour

WIDEST, NARROWEST = 11.0, 4.0  # points: the bars of the lowest and of the highest level
PALEST, DARKEST = 0.25, 0.5
MONTH = 22  # sessions of the moving average
HEADROOM = 1.08
CUT_AT = 1.6  # of the highest line: a single measured day above leaves the axis


def draw_outlook(
    measured: pd.DataFrame, forecasts: pd.DataFrame, axes: Axes, *, levels: Sequence[float]
) -> Axes:
    """Draw the volatility of one ticker (annualised percent), measured and forecast.

    Parameters
    ----------
    measured
        `session, volatility`, oldest first: dots, with their mean over a month as a line. The first
        month serves the mean alone, if there are more.
    forecasts
        `from, to, volatility`, the bounds `lower_80, upper_80` and so on, and `har`: a forecast is
        a dot at the end of its horizon, with a line from its first session and a bar a level.
    axes
        Where to draw.
    levels
        The levels of the bounds in percent, such as 80 and 95.
    """
    colour = model_colour("network")
    month = np.sqrt((measured["volatility"] ** 2).rolling(MONTH, min_periods=1).mean())
    drawn = slice(MONTH if len(measured) > 2 * MONTH else 0, None)
    measured, month = measured[drawn], month[drawn]
    axes.plot(
        measured["session"],
        measured["volatility"],
        linestyle="none",
        marker=".",
        markersize=5.0,
        markeredgewidth=0.0,
        color=INK,
        alpha=0.55,
        label="Measured",
    )
    axes.plot(measured["session"], month, color=INK, linewidth=0.9, label="Mean of a month")
    _draw_bars(forecasts, axes, levels, colour)
    axes.plot(
        forecasts["to"], forecasts["volatility"], linestyle="none", marker="o", markersize=5.0,
        color=colour, zorder=5, label="Forecast",
    )  # fmt: skip
    axes.plot(
        forecasts["to"], forecasts["har"], linestyle="none", marker="_", markersize=11.0,
        markeredgewidth=1.6, color=model_colour("har"), zorder=6, label="HAR",
    )  # fmt: skip
    _fit_height(measured, forecasts, axes, levels)
    date_axis(axes)
    label_axes(axes, x="Session (date)", y="Volatility (annualised, %)")
    legend_above(axes)
    return axes


def _draw_bars(forecasts: pd.DataFrame, axes: Axes, levels: Sequence[float], colour: str) -> None:
    """Draw the bar of each level, the widest interval as the narrowest and palest bar."""
    ordered = sorted(levels)
    shares = np.linspace(0.0, 1.0, len(ordered)) if len(ordered) > 1 else np.zeros(1)
    for share, level in zip(shares[::-1], ordered[::-1], strict=True):
        axes.vlines(
            forecasts["to"],
            forecasts[f"lower_{level:g}"],
            forecasts[f"upper_{level:g}"],
            color=colour,
            linewidth=WIDEST + share * (NARROWEST - WIDEST),
            alpha=DARKEST + share * (PALEST - DARKEST),
            label=f"{level:g} % interval",
        )
    axes.hlines(
        forecasts["volatility"], forecasts["from"], forecasts["to"], color=colour, linewidth=0.8
    )


def _fit_height(
    measured: pd.DataFrame, forecasts: pd.DataFrame, axes: Axes, levels: Sequence[float]
) -> None:
    """End the axis above all intervals; of the measured days, only far ones may leave it."""
    bounds = [f"upper_{level:g}" for level in levels]
    lines = forecasts[["volatility", "har", *bounds]].to_numpy(np.float64)
    highest = float(np.nanmax(lines))
    if len(measured):
        highest = max(highest, min(float(measured["volatility"].max()), CUT_AT * highest))
    axes.set_ylim(0.0, HEADROOM * highest)
