"""Draws whether outcomes fall evenly over the forecast density."""

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import INK, label_axes, model_colour


def pit_bars(table: pd.DataFrame, axes: Axes, *, model: str) -> Axes:
    """Draw one horizon of `pit_histogram`; dashed is a correct density."""
    width = 100.0 / len(table)
    places = width * (table["bin"].to_numpy(float) + 0.5)
    axes.bar(
        places, 100.0 * table["share"], width=0.92 * width, color=model_colour(model), alpha=0.75
    )
    axes.axhline(width, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xlim(0.0, 100.0)
    axes.grid(visible=False, axis="x")
    label_axes(axes, x="Position of the outcome in the forecast density (%)", y="Outcomes (%)")
    return axes
