"""Draws how often the outcome fell inside its prediction interval."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import INK, label_axes, model_colour, model_label

ROWS_SHOWN = 12  # more tickers would not be readable


def interval_coverage(table: pd.DataFrame, axes: Axes, *, interval_level: float) -> Axes:
    """Draw one horizon of `breakdowns.coverage`: a dot a model (pooled over tickers).

    The dashed line is the nominal level; the whisker is what chance allows, two binomial standard
    errors, as if rows were independent (they are not quite, so it is the least one should allow).
    """
    pooled = table.assign(hits=table["inside"] * table["rows"]).groupby("model", sort=False)
    totals = pooled[["hits", "rows"]].sum().head(ROWS_SHOWN)
    share = 100 * totals["hits"] / totals["rows"]
    nominal = 100 * interval_level
    allowed = 200 * np.sqrt(interval_level * (1 - interval_level) / totals["rows"])
    places = np.arange(len(totals))
    colours = [model_colour(str(model)) for model in totals.index]
    axes.axvline(nominal, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.hlines(places, share - allowed, share + allowed, colors=colours, linewidth=1.4, alpha=0.6)
    axes.scatter(share, places, c=colours, s=34, zorder=3)
    axes.set_yticks(places, [model_label(str(model)) for model in totals.index])
    axes.set_ylim(-0.6, max(len(totals), 1) - 0.4)
    axes.grid(visible=False)
    label_axes(axes, x=f"Outcomes inside the interval (%; nominal {nominal:.0f} %)", y="Model")
    return axes
