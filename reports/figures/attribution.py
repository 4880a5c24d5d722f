"""Draws which features moved a forecast."""

import math

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import INK, label_axes, model_colour

FEATURES_SHOWN = 12


def draw_attribution(table: pd.DataFrame, axes: Axes) -> Axes:
    """Draw `feature, effect_pct` as bars, the largest on top; the others are one bar.

    Parameters
    ----------
    table
        The effect of each feature on the volatility in percent, the largest first, and its
        `contribution` in log variance, in which effects add up.
    axes
        Where to draw.
    """
    shown = table.head(FEATURES_SHOWN)
    names, effects = list(shown["feature"]), list(shown["effect_pct"])
    rest = table.iloc[FEATURES_SHOWN:]
    if len(rest):
        names.append(f"{len(rest)} others")
        effects.append(100.0 * math.expm1(float(rest["contribution"].sum()) / 2.0))
    places = range(len(names))[::-1]
    colours = [model_colour("har" if effect > 0 else "network") for effect in effects]
    axes.barh(list(places), effects, color=colours, height=0.7)
    axes.axvline(0.0, color=INK, linewidth=0.8)
    axes.set_yticks(list(places), names)
    axes.grid(visible=False, axis="y")
    label_axes(axes, x="Effect on the forecast volatility (%)", y="Feature")
    return axes
