"""Draws the map of learning rate and batch size, and the cost of an epoch."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from volcast.reports.figures.palette import label_axes, log_axis, model_colour

DARK_TEXT, LIGHT_TEXT = "#14130f", "#ffffff"
RIDGE = "#e2571a"
COLOURS = "cividis_r"  # made for colour-blind eyes (Nunez et al. 2018)
BRIGHT = 0.55  # luminance above which text on a cell is dark


def settings_map(
    cells: pd.DataFrame, ridge: pd.DataFrame, configured: tuple[float, int], axes: Axes
) -> Axes:
    """Draw the cells of a settings map: colour and number are the ratio to HAR.

    A dot marks cells equal to the best, which is framed; a diamond the configured cell, where the
    map has it; the line joins the best rate of each batch size.
    """
    table = cells.pivot(index="learning_rate", columns="batch_size", values="mean")
    values = table.to_numpy(np.float64)
    limit = np.quantile(values, 0.9)  # a ruined corner must not take all the colour
    norm = mpl.colors.Normalize(values.min(), max(limit, values.min() + 1e-6), clip=True)
    colours = mpl.colormaps[COLOURS](norm(values))
    axes.imshow(colours, origin="lower", aspect="auto")
    _write_cells(table, cells, colours, axes)
    rates = np.log(table.index.to_numpy(np.float64))
    height = np.interp(np.log(ridge["learning_rate"]), rates, np.arange(len(rates)))
    axes.plot(np.arange(len(ridge)), height, color=RIDGE, linewidth=2.0)
    _mark_configured(table, configured, axes)
    axes.set_xticks(range(table.shape[1]), [f"{size:d}" for size in table.columns])
    axes.set_yticks(range(table.shape[0]), [f"{rate:.2g}" for rate in table.index])
    axes.grid(visible=False)
    label_axes(axes, x="Batch size (rows per step)", y="Learning rate")
    return axes


def _write_cells(table: pd.DataFrame, cells: pd.DataFrame, colours: np.ndarray, axes: Axes) -> None:
    equal = cells.pivot(index="learning_rate", columns="batch_size", values="equal").to_numpy()
    values = table.to_numpy(np.float64)
    best = np.unravel_index(np.argmin(values), values.shape)
    for (row, column), value in np.ndenumerate(values):
        bright = colours[row, column, :3] @ [0.299, 0.587, 0.114] > BRIGHT
        ink = DARK_TEXT if bright else LIGHT_TEXT
        text = f"{value:.3f}" if value < 10 else f"{value:.0e}"
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=9.5)
        if equal[row, column]:
            axes.plot(column, row - 0.33, marker="o", markersize=3.4, color=ink)
        if (row, column) == best:
            frame = Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, edgecolor=ink)
            frame.set_linewidth(2.0)
            axes.add_patch(frame)


def _mark_configured(table: pd.DataFrame, configured: tuple[float, int], axes: Axes) -> None:
    rate, size = configured
    rows = np.flatnonzero(np.isclose(table.index.to_numpy(np.float64), rate))
    columns = np.flatnonzero(table.columns.to_numpy() == size)
    if len(rows) and len(columns):
        axes.plot(columns[0] - 0.36, rows[0] + 0.33, marker="D", markersize=5, color=RIDGE)


def epoch_cost(cells: pd.DataFrame, axes: Axes) -> Axes:
    """Draw the milliseconds that a network takes for an epoch, by batch size."""
    cost = cells.groupby("batch_size")["ms_per_epoch"].median()
    axes.plot(cost.index, cost, color=model_colour("network"), marker="o", markersize=5)
    for size, value in cost.items():
        axes.annotate(
            f"{value:.2g}", (size, value), xytext=(0, 7), textcoords="offset points", ha="center"
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(cost.min() / 1.6, cost.max() * 2.0)
    log_axis(axes.xaxis, cost.index)
    log_axis(axes.yaxis, [1, 2, 5, 10, 20, 50, 100, 1000])
    label_axes(axes, x="Batch size (rows per step)", y="Milliseconds per network and epoch")
    return axes
