"""Draws how often the outcome fell inside its prediction interval."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import INK, label_axes, model_colour
from volcast.reports.model_labels import model_label

ROWS_SHOWN = 12  # more tickers would not be readable
FARTHEST = 10.0  # percentage points from the nominal level; shares beyond are cut
MARGIN = 0.06  # of the width, on either side


def interval_coverage(table: pd.DataFrame, axes: Axes, *, interval_level: float) -> Axes:
    """Draw one horizon of `breakdowns.coverage`: a dot a model (pooled over tickers).

    The dashed line is the nominal level; the whisker is what chance allows, two binomial standard
    errors, as if rows were independent (they are not quite, so it is the least one should allow).
    A share more than ten percentage points away is cut: an arrow at the edge has its value.
    """
    pooled = table.assign(hits=table["inside"] * table["rows"]).groupby("model", sort=False)
    totals = pooled[["hits", "rows"]].sum().head(ROWS_SHOWN)
    share = 100 * totals["hits"] / totals["rows"]
    nominal = 100 * interval_level
    allowed = 200 * np.sqrt(interval_level * (1 - interval_level) / totals["rows"])
    places = np.arange(len(totals))
    colours = [model_colour(str(model)) for model in totals.index]
    axes.axvline(nominal, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    near = ((share - nominal).abs() <= FARTHEST).to_numpy(bool)
    low, high = _fit_width(share[near], allowed[near], nominal, axes)
    for place, (middle, width, colour) in enumerate(zip(share, allowed, colours, strict=True)):
        if near[place]:
            axes.hlines(
                place, middle - width, middle + width, color=colour, linewidth=1.4, alpha=0.6
            )
            axes.scatter(middle, place, color=colour, s=34, zorder=3)
        else:
            edge = (low, "<") if middle < nominal else (high, ">")
            _mark_cut(middle, place, edge, colour, axes)
    axes.set_yticks(places, [model_label(str(model)) for model in totals.index])
    axes.set_ylim(-0.6, max(len(totals), 1) - 0.4)
    axes.grid(visible=False)
    label_axes(axes, x=f"Outcomes inside the interval (%; nominal {nominal:.0f} %)", y="Model")
    return axes


def _fit_width(
    share: pd.Series, allowed: pd.Series, nominal: float, axes: Axes
) -> tuple[float, float]:
    """End the axis past the dots with their whiskers; return its two ends."""
    low = min([nominal - 1.0, *np.maximum(share - allowed, nominal - FARTHEST)])
    high = max([nominal + 1.0, *np.minimum(share + allowed, nominal + FARTHEST)])
    ends = low - MARGIN * (high - low), high + MARGIN * (high - low)
    axes.set_xlim(*ends)
    return ends


def _mark_cut(share: float, place: int, edge: tuple[float, str], colour: str, axes: Axes) -> None:
    """Draw an arrow at the edge of the axis that a share has left, with the share beside it."""
    end, arrow = edge
    left = arrow == "<"
    axes.scatter(end, place, color=colour, s=34, marker=arrow, clip_on=False, zorder=3)
    axes.annotate(
        f"{share:.1f}",
        (end, place),
        xytext=(8 if left else -8, 0),
        textcoords="offset points",
        ha="left" if left else "right",
        va="center",
    )
