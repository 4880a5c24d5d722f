"""Draws the decision regions of a classifier, and the rows that it classifies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import INK, label_axes, legend_above
from volcast.reports.lab.figures.style import NO_UNIT, SERIES


def decision_regions(regions: pd.DataFrame, points: pd.DataFrame, axes: Axes) -> Axes:
    """Draw the grid `x, y, margin_0, ...` and the rows `x, y, class, right`.

    A region has the colour of its class, with a line where two are equally probable; rows that the
    network gets wrong have a ring.
    """
    for number in range(points["class"].max() + 1):
        margin = regions.pivot(index="y", columns="x", values=f"margin_{number}")
        x, y = margin.columns.to_numpy(), margin.index.to_numpy()
        style = SERIES[number]
        colour = style["color"]
        axes.contourf(x, y, margin.to_numpy(), levels=[0.0, 1.0], colors=[colour], alpha=0.22)
        axes.contour(x, y, margin.to_numpy(), levels=[0.0], colors=INK, linewidths=0.8)
        own = points[points["class"] == number]
        marker: dict[str, Any] = {"marker": style["marker"], "color": colour, "linestyle": "none"}
        axes.plot(own["x"], own["y"], markersize=4.5, label=f"class {number}", **marker)
    wrong = points[~points["right"]]
    if len(wrong):
        ring: dict[str, Any] = {
            "marker": "o",
            "markerfacecolor": "none",
            "color": INK,
            "linestyle": "none",
        }
        axes.plot(wrong["x"], wrong["y"], markersize=9, label="wrong", **ring)
    axes.set_xlim(regions["x"].min(), regions["x"].max())
    axes.set_ylim(regions["y"].min(), regions["y"].max())
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.locator_params(nbins=5)
    label_axes(axes, x=f"First input ({NO_UNIT})", y=f"Second input ({NO_UNIT})")
    legend_above(axes)
    return axes


def accuracy_curves(history: pd.DataFrame, axes: Axes, *, best_epoch: int) -> Axes:
    """Draw `train_accuracy` and `val_accuracy` by epoch, and the epoch that was restored."""
    for number, (column, label) in enumerate(
        {"train_accuracy": "training", "val_accuracy": "validation"}.items()
    ):
        style = {**SERIES[number], "marker": None}
        axes.plot(history["epoch"], 100.0 * history[column], linewidth=1.5, label=label, **style)
    axes.axvline(best_epoch, color=INK, linewidth=0.8, label="restored epoch")
    axes.set_ylim(min(30.0, np.floor(100.0 * history["train_accuracy"].min())), 101.0)
    label_axes(axes, x="Epoch", y="Accuracy (% of rows)")
    legend_above(axes)
    return axes
