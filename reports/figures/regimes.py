"""Draws the error of each model on calm and on volatile days."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import label_axes, legend_above, model_colour, model_label

GROUP_WIDTH = 0.78


def error_by_regime(table: pd.DataFrame, axes: Axes) -> Axes:
    """Draw one horizon of `breakdowns.by_regime`: QLIKE as bars, grouped by regime."""
    wide = table.pivot_table(
        index="regime", columns="model", values="qlike", sort=False, observed=True
    )
    width = GROUP_WIDTH / max(wide.shape[1], 1)
    places = np.arange(len(wide))
    for i, model in enumerate(wide.columns):
        axes.bar(
            places - GROUP_WIDTH / 2 + (i + 0.5) * width,
            wide[model],
            width=0.86 * width,
            color=model_colour(str(model)),
            label=model_label(str(model)),
        )
    axes.set_xticks(places, [str(regime).capitalize() for regime in wide.index])
    label_axes(axes, x="Regime (HAR's forecast at the origin)", y="QLIKE (no unit)")
    if len(wide):
        legend_above(axes, columns=3)
    return axes
