"""Draws losses by epoch, the losses of batch sizes with their spread, and vanishing gradients."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from volcast.reports.figures.palette import INK, label_axes, legend_above
from volcast.reports.lab.figures.style import DASHED, SERIES, plain_line, powers_of_ten
from volcast.reports.lab.records import groups

WIDE = 10.0  # from the lowest to the highest loss: then a logarithmic scale shows more


def loss_curves(curves: Mapping[str, pd.Series], axes: Axes, *, loss: str) -> Axes:
    """Draw losses by epoch, a line a name; `loss` names the loss with its unit."""
    for number, (name, curve) in enumerate(curves.items()):
        plain_line(axes, range(len(curve)), curve, number, name)
    if max(c.max() for c in curves.values()) > WIDE * min(c.min() for c in curves.values()):
        axes.set_yscale("log")
        powers_of_ten(axes.yaxis)
    label_axes(axes, x="Epoch", y=loss)
    legend_above(axes, columns=3)
    return axes


def batch_size_curves(curves: pd.DataFrame, axes: Axes, *, along: str, unit: str) -> Axes:
    """Draw the median loss by `along` (epoch or steps) a batch size, and the seeds as a band."""
    for number, (size, part) in enumerate(groups(curves, "batch_size")):
        spread = part.groupby(along)["train_loss"].agg(["min", "median", "max"])
        plain_line(axes, spread.index, spread["median"], number, f"{size} rows")
        colour = SERIES[number]["color"]
        axes.fill_between(spread.index, spread["min"], spread["max"], color=colour, alpha=0.16)
    axes.set_yscale("log")
    axes.set_yticks([0.1, 0.2, 0.5, 1.0])
    powers_of_ten(axes.yaxis)
    if along == "steps":
        axes.set_xscale("log")
        axes.set_xlim(left=1.0)
        powers_of_ten(axes.xaxis)
    label_axes(axes, x=unit, y="Training loss (MSE)")
    legend_above(axes)
    return axes


def gradient_left(table: pd.DataFrame, axes: Axes) -> Axes:
    """Draw the share of the gradient left by depth: the predicted bound dashed, ranges as bands."""
    first = table[table["activation"] == table["activation"].iloc[0]]
    bound: dict[str, Any] = {"color": INK, "linewidth": 1.0, "linestyle": DASHED}
    axes.plot(first["depth"], first["bound"], label=f"{first['bound'].iloc[0]:g}ⁿ", **bound)
    for number, (name, part) in enumerate(groups(table, "activation")):
        plain_line(axes, part["depth"], part["left"], number, str(name))
        colour = SERIES[number]["color"]
        axes.fill_between(part["depth"], part["low"], part["high"], color=colour, alpha=0.16)
    axes.set_yscale("log")
    axes.set_yticks(10.0 ** np.arange(-12, 1, 3))
    powers_of_ten(axes.yaxis)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_axes(axes, x="Depth n (layers)", y="Gradient that reaches the inputs (share)")
    legend_above(axes)
    return axes
