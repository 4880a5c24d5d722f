"""Draws validation curves of several trials with the band of their seeds."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from volcast.reports.figures.palette import INK, label_axes, legend_above

HUES = ["#1f78c8", "#d55e00", "#0b8f6a", "#a463b0", "#a0822b", "#c2507a", "#5d83a6", "#7a8b3a"]
RAMP, RAMP_FROM, RAMP_TO = "plasma", 0.08, 0.82  # its ends vanish on white or on black
HIGHEST = 1.12  # of the HAR start: what lies above is cut


def trial_curves(curves: pd.DataFrame, axes: Axes, *, ordered: bool, loss: str) -> Axes:
    """Draw `trial, member, epoch` and a loss: medians of the seeds thick, their quartiles a band.

    `ordered` trials (sizes, rates) get the colours of a ramp, others hues that differ.
    """
    names = list(dict.fromkeys(curves["trial"]))
    lowest = 1.0
    axes.axhline(1.0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    for place, name in enumerate(names):
        wide = curves[curves["trial"] == name].pivot_table(
            index="epoch", columns="member", values=loss
        )
        running = wide[wide.notna().mean(axis=1) >= 0.5]
        low, middle, high = (running.quantile(q, axis=1) for q in (0.25, 0.5, 0.75))
        colour = _colour(place, len(names), ordered)
        axes.fill_between(running.index, low, high, color=colour, alpha=0.16, linewidth=0)
        axes.plot(running.index, middle, color=colour, linewidth=1.8, label=name)
        lowest = min(lowest, float(np.nanmin(low)))
    axes.set_ylim(lowest - 0.1 * (1 - lowest) - 0.005, HIGHEST if lowest < HIGHEST else None)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_axes(axes, x="Epoch", y="Loss (share of the HAR start)")
    legend_above(axes, columns=2 if max(map(len, names)) > 14 else 3)
    return axes


def _colour(place: int, count: int, ordered: bool) -> str:
    if not ordered:
        return HUES[place % len(HUES)]
    share = place / max(1, count - 1)
    return mpl.colors.to_hex(mpl.colormaps[RAMP](RAMP_FROM + (RAMP_TO - RAMP_FROM) * share))
