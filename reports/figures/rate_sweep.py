"""Draws the loss along a sweep of the learning rate."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import INK, label_axes, legend_above, log_axis, model_colour

SHOWN_RISE = 0.6  # of the depth of the valley, above zero: what lies higher is cut


def rate_sweep(
    curve: pd.DataFrame, suggested: tuple[float, float, float], configured: float, axes: Axes
) -> Axes:
    """Draw `rate, change, low, high` (shares); `suggested` is the median between its quartiles."""
    depth = -float(curve["change"].min())
    top = SHOWN_RISE * max(depth, 0.01)
    colour = model_colour("network")
    shown = curve[np.isfinite(curve["change"]) & (curve["change"] < 4 * top)]
    axes.axhline(0.0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), label="Untrained (HAR)")
    axes.fill_between(
        shown["rate"],
        shown["low"],
        np.minimum(shown["high"], 9 * top),
        color=colour,
        alpha=0.22,
        linewidth=0,
    )
    axes.plot(shown["rate"], shown["change"], color=colour, linewidth=2.0, label="Loss")
    low, middle, high = suggested
    axes.axvspan(low, high, color=model_colour("ewma"), alpha=0.25, linewidth=0)
    axes.axvline(middle, color=model_colour("ewma"), linewidth=2.0, label="Suggested")
    axes.axvline(configured, color=model_colour("har"), linewidth=1.4, label="Configured")
    axes.set_xscale("log")
    log_axis(axes.xaxis)
    axes.set_ylim(-1.25 * max(depth, 0.01), top)
    label_axes(axes, x="Learning rate", y="Change of the loss (share of the untrained loss)")
    legend_above(axes)
    return axes
