"""Draws each model's QLIKE as a ratio to HAR's."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.cut_axis import LARGEST_RATIO, cut_values
from volcast.reports.figures.palette import INK, label_axes, model_colour
from volcast.reports.model_labels import model_label

ROOM_FOR_NUMBERS = 0.22  # of the drawn range, right of the last dot


def ratio_to_har(scores: pd.DataFrame, axes: Axes) -> Axes:
    """Draw the score table of one horizon and ticker: a dot a model, the best on top.

    Models without a ratio (no HAR, or NaN) are left out. A ratio above 2 is cut: an arrow at the
    end of the axis has its value.
    """
    table = scores.dropna(subset=["ratio_to_har"])
    table = table.sort_values("ratio_to_har", ascending=False, kind="stable")
    ratios = table["ratio_to_har"].to_numpy(np.float64)
    places = np.arange(len(table))
    colours = [model_colour(model) for model in table["model"]]
    axes.axvline(1.0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    shown, cut = cut_values(ratios, LARGEST_RATIO, start=1.0)
    axes.hlines(places, np.ones(len(table)), shown, colors=colours, linewidth=2.0)
    for place, end, colour, leaves in zip(places, shown, colours, cut, strict=True):
        axes.scatter(end, place, color=colour, s=34, marker=">" if leaves else "o", zorder=3)
    low, high = min([1.0, *shown]), max([1.0, *shown])
    room = max(high - low, 0.05)
    for place, end, ratio in zip(places, shown, ratios, strict=True):
        axes.annotate(
            f"{ratio:.3f}",
            (max(end, 1.0), place),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_xlim(low - 0.08 * room, high + ROOM_FOR_NUMBERS * room)
    axes.set_ylim(-0.6, max(len(table), 1) - 0.4)
    axes.set_yticks(places, [model_label(model) for model in table["model"]])
    axes.grid(visible=False)
    label_axes(axes, x="QLIKE, ratio to HAR (below 1 is better than HAR)", y="Model")
    return axes
