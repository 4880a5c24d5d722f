"""Draws the error of each model on calm and on volatile days."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.cut_axis import LARGEST_RATIO, cut_values
from volcast.reports.figures.palette import label_axes, legend_above, model_colour
from volcast.reports.model_labels import model_label

GROUP_WIDTH = 0.78
ROOM_FOR_NUMBERS = 0.3  # of the height, above bars that are cut


def error_by_regime(table: pd.DataFrame, axes: Axes) -> Axes:
    """Draw one horizon of `breakdowns.by_regime`: QLIKE as bars, grouped by regime.

    Bars above twice HAR's highest (without HAR, the median model's highest) are cut and have their
    value above them.
    """
    wide = table.pivot_table(
        index="regime", columns="model", values="qlike", sort=False, observed=True
    )
    width = GROUP_WIDTH / max(wide.shape[1], 1)
    places = np.arange(len(wide))
    highest = wide.max()
    usual = highest.get("har", highest.median())
    shown, cut = cut_values(wide.to_numpy(np.float64), LARGEST_RATIO * usual, start=0.0)
    for i, model in enumerate(wide.columns):
        middle = places - GROUP_WIDTH / 2 + (i + 0.5) * width
        axes.bar(
            middle,
            shown[:, i],
            width=0.86 * width,
            color=model_colour(str(model)),
            label=model_label(str(model)),
        )
        for group in np.flatnonzero(cut[:, i]):
            _write_above(f"{wide[model].iloc[group]:.2f}", middle[group], shown[group, i], axes)
    if cut.any():
        axes.set_ylim(0.0, (1.0 + ROOM_FOR_NUMBERS) * np.nanmax(shown))
    axes.set_xticks(places, [str(regime).capitalize() for regime in wide.index])
    label_axes(axes, x="Regime (HAR's forecast at the origin)", y="QLIKE (no unit)")
    if len(wide):
        legend_above(axes, columns=3)
    return axes


def _write_above(value: str, place: float, height: float, axes: Axes) -> None:
    """Write a number upright: bars are narrower than most numbers."""
    axes.annotate(
        value,
        (place, height),
        xytext=(0, 3),
        textcoords="offset points",
        rotation=90,
        ha="center",
        va="bottom",
    )
