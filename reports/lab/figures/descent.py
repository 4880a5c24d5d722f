"""Draws descent on a parabola: the points on the curve, and the distance left after each step."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import INK, label_axes, legend_above
from volcast.reports.lab.figures.style import (
    DASHED,
    NO_UNIT,
    dotted_path,
    plain_line,
    powers_of_ten,
)
from volcast.reports.lab.records import groups

NEAR_ZERO = 1e-4  # below it the scale is linear, so that an exact zero can be drawn


def points_on_parabola(paths: pd.DataFrame, axes: Axes) -> Axes:
    """Draw the first steps of one start's `paths` (rate, x, value) on the curve."""
    reach = 1.45 * paths["x"].iloc[0]
    x = np.linspace(-reach, reach, 121)
    axes.plot(x, x**2, color=INK, linewidth=0.8, alpha=0.6)
    for number, (rate, path) in enumerate(groups(paths, "rate")):
        shown = path[path["x"].abs().cummax() <= reach]
        dotted_path(axes, shown["x"], shown["value"], number, f"rate {rate:g}")
    label_axes(axes, x=f"x ({NO_UNIT})", y=f"f(x) = x² ({NO_UNIT})")
    legend_above(axes)
    return axes


def distance_left(paths: pd.DataFrame, axes: Axes) -> Axes:
    """Draw the size of x by step for each rate of one start's `paths`."""
    axes.axhline(paths["x"].iloc[0], color=INK, linewidth=0.8, linestyle=DASHED)
    for number, (rate, path) in enumerate(groups(paths, "rate")):
        plain_line(axes, path["step"], path["x"].abs(), number, f"rate {rate:g}")
    axes.set_yscale("symlog", linthresh=NEAR_ZERO, linscale=0.5)
    axes.set_yticks([0.0, *10.0 ** np.arange(-2, 6, 2)])
    powers_of_ten(axes.yaxis)
    label_axes(axes, x="Step", y=f"Distance from the minimum, |x| ({NO_UNIT})")
    legend_above(axes)
    return axes
