"""Draws the forecasts of one ticker against what came."""

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.palette import INK, colour_of, date_axis, label_axes, label_of, legend_above

HEADROOM = 1.12  # the axis ends this far above the highest line; a band beyond it is cut


def forecast_against_realized(
    recent: pd.DataFrame, axes: Axes, *, model: str, interval_level: float
) -> Axes:
    """Draw the table of `reports.breakdowns.recent_forecasts` (annualised percent).

    Outcomes are dots, the model a line with its interval as a band, HAR a thin line. NaN leaves a
    gap; the newest forecast, whose outcome is not known, is marked by a larger dot.
    """
    colour = colour_of(model)
    axes.fill_between(
        recent["date"],
        recent["lower"],
        recent["upper"],
        color=colour,
        alpha=0.22,
        linewidth=0,
        label=f"{interval_level:.0%} interval",
    )
    axes.plot(
        recent["date"],
        recent["realized"],
        linestyle="none",
        marker=".",
        markersize=2.6,
        color=INK,
        alpha=0.6,
        label="Realised",
    )
    if model != "har":
        axes.plot(recent["date"], recent["har"], color=colour_of("har"), linewidth=0.9, label="HAR")
    axes.plot(
        recent["date"], recent["volatility"], color=colour, linewidth=1.4, label=label_of(model)
    )
    newest = recent.tail(1)
    axes.plot(newest["date"], newest["volatility"], marker="o", markersize=4.5, color=colour)
    _fit_height(recent, axes)
    date_axis(axes)
    label_axes(axes, x="Session forecast (date)", y="Volatility (annualised, %)")
    legend_above(axes)
    return axes


def _fit_height(recent: pd.DataFrame, axes: Axes) -> None:
    highest = recent[["volatility", "har", "realized"]].max().max()
    if highest > 0:
        axes.set_ylim(0.0, HEADROOM * float(highest))
