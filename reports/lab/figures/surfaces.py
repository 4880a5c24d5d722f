"""Draws functions of two variables as surfaces and as contours, with the paths taken on them."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator

from volcast.reports.figures.palette import INK, label_axes, legend_above
from volcast.reports.lab.figures.style import NO_UNIT, ORANGE, dotted_path, mark_start
from volcast.reports.lab.records import groups

# The middle of viridis: neither end is lost on white or on near-black.
SHADES = ListedColormap(mpl.colormaps["viridis"](np.linspace(0.25, 0.88, 64)))
LIFT = 0.01  # of the range of heights: a path on a surface must not sink into it
CONTOURS = 12
LINES: dict[str, Any] = {"colors": INK, "alpha": 0.32, "linewidths": 0.7}


def surface(
    table: pd.DataFrame, path: pd.DataFrame, axes: Any, *, names: tuple[str, str, str]
) -> Axes:
    """Draw the grid `x, y, value` in three dimensions, with a path `x, y, value` on it.

    `axes` are those of the projection "3d".
    """
    x, y, z = _grid(table)
    axes.computed_zorder = False
    axes.plot_surface(
        *(x, y, z), cmap=SHADES, rstride=1, cstride=1, edgecolor=INK, linewidth=0.12, zorder=1
    )
    height = path["value"] + LIFT * (z.max() - z.min())
    style = {"color": ORANGE, "linewidth": 1.4, "marker": "o", "markersize": 2.5, "zorder": 3}
    axes.plot(path["x"], path["y"], height, **style)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((0.0, 0.0, 0.0, 0.0))
        axis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(f"{names[0]} ({NO_UNIT})")
    axes.set_ylabel(f"{names[1]} ({NO_UNIT})")
    # Beside its axis the label of the height would lie on the numbers.
    axes.text2D(-0.2, 1.02, f"Height: {names[2]} ({NO_UNIT})", transform=axes.transAxes)
    axes.grid(visible=False)
    axes.tick_params(pad=0)
    axes.view_init(elev=42, azim=-58)
    axes.set_box_aspect((1.0, 1.0, 0.62), zoom=1.16)
    return axes  # type: ignore[no-any-return]


def contour(
    table: pd.DataFrame, paths: pd.DataFrame, axes: Axes, *, names: tuple[str, str], by: str
) -> Axes:
    """Draw the level lines of the grid `x, y, value`, and a path for each name in column `by`."""
    x, y, z = _grid(table)
    axes.contour(x, y, z, levels=_levels(z), linestyles="solid", **LINES)
    for number, (name, path) in enumerate(groups(paths, by)):
        dotted_path(axes, path["x"], path["y"], number, str(name))
        mark_start(axes, path["x"].iloc[0], path["y"].iloc[0])
    axes.set_xlim(x.min(), x.max())
    axes.set_ylim(y.min(), y.max())
    axes.grid(visible=False)
    label_axes(axes, x=f"{names[0]} ({NO_UNIT})", y=f"{names[1]} ({NO_UNIT})")
    legend_above(axes)
    return axes


def _grid(table: pd.DataFrame) -> tuple[Any, Any, Any]:
    """Return x, y and value as matrices, y by row."""
    wide = table.pivot(index="y", columns="x", values="value")
    x, y = np.meshgrid(wide.columns.to_numpy(), wide.index.to_numpy())
    return x, y, wide.to_numpy()


def _levels(z: Any) -> Any:
    """Return levels that lie close together near the lowest value, as squares do."""
    return z.min() + (z.max() - z.min()) * np.linspace(0.03, 1.0, CONTOURS) ** 2
