"""Draws whether forecasts have the level of returns, and the standardised returns."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from scipy.stats import norm

from volcast.reports.figures.palette import INK, label_axes, model_colour

TICKS = (0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0)
LEAST_SPAN = (0.6, 1.7)  # of the axis of ratios
MOST_LABELS = 6  # years on the axis


def level_by_year(table: pd.DataFrame, axes: Axes, *, model: str) -> Axes:
    """Draw the rows of one ticker of `level_table` by year, with two standard errors."""
    years = table["year"].astype(int).to_numpy()
    ratio, error = (table[name].to_numpy(float) for name in ("ratio", "standard_error"))
    error = np.nan_to_num(error)  # a year too short for an error has a point alone
    low, high = np.maximum(ratio - 2 * error, ratio / 4), ratio + 2 * error
    axes.axhline(1.0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.errorbar(
        years,
        ratio,
        yerr=[ratio - low, high - ratio],
        fmt="o",
        color=model_colour(model),
        markersize=4.5,
        linewidth=1.4,
    )
    axes.set_yscale("log")
    axes.set_ylim(min(LEAST_SPAN[0], low.min() / 1.05), max(LEAST_SPAN[1], high.max() * 1.05))
    axes.yaxis.set_major_locator(FixedLocator(list(TICKS)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    step = -(-len(years) // MOST_LABELS)
    axes.set_xticks(years[::step], [str(year) for year in years[::step]])
    axes.set_xlim(years.min() - 0.6, years.max() + 0.6)
    label_axes(axes, x="Year of the origin", y="Squared return / forecast variance")
    return axes


def standardised_returns(table: pd.DataFrame, axes: Axes, *, model: str) -> Axes:
    """Draw `standardised_histogram` as bars; dashed are the shares of a normal distribution."""
    left, right = table["left"].to_numpy(float), table["right"].to_numpy(float)
    edges = np.concatenate([[-np.inf], right[:-1], [np.inf]])
    normal = np.diff(norm.cdf(edges))
    width = right - left
    axes.bar(
        left + width / 2,
        100.0 * table["share"],
        width=0.92 * width,
        color=model_colour(model),
        alpha=0.75,
    )
    axes.step(
        np.append(left, right[-1]),
        100.0 * np.append(normal, normal[-1]),
        where="post",
        color=INK,
        linewidth=0.9,
        linestyle=(0, (4, 3)),
    )
    axes.grid(visible=False, axis="x")
    label_axes(axes, x="Return / forecast standard deviation", y="Sessions (%)")
    return axes
