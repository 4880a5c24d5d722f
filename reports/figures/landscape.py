"""Draws the loss over a plane of weights: as contours and as a surface, with training's paths."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from volcast.reports.figures.palette import INK, label_axes, legend_above, model_colour

LEVELS = 9
TOP_SHARE = 0.9  # of the points: what lies above is drawn as a plateau, or one peak hides the rest
PATH_STYLES = (
    (model_colour("network"), "o", "-"),
    (model_colour("har"), "s", (0, (4, 2))),
    (model_colour("ewma"), "^", (0, (1, 1.5))),
)
EYE = 32.0, -62.0  # degrees: height of the eye, and its direction

Grid = NDArray[np.float64]


def loss_contours(
    surface: pd.DataFrame, path: pd.DataFrame, axes: Axes, *, labels: tuple[str, str]
) -> Axes:
    """Draw one plane and part of the tables of `volcast.models.diagnose.landscape` as contours.

    Lines are closer in level near the lowest point. A path a learning rate, in the order given:
    its start is hollow, and a star marks the network itself. `labels` are those of x and y.
    """
    x, y, loss = surface_grid(surface)
    levels = contour_levels(loss)
    lines = axes.contour(x, y, loss, levels=levels, colors=INK, linewidths=0.8, alpha=0.45)
    axes.clabel(lines, levels[::2], fontsize=9.0, fmt="%.3g", inline_spacing=2)
    for (rate, part), (colour, marker, dashes) in zip(
        path.groupby("learning_rate", sort=False), PATH_STYLES, strict=False
    ):
        style: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 3.4}
        axes.plot(
            part["x"], part["y"], linestyle=dashes, linewidth=1.4, label=_rate_label(rate), **style
        )
    start, centre = path.iloc[0], path[path["centre"]]
    axes.plot(
        start["x"],
        start["y"],
        linestyle="none",
        marker="o",
        markersize=8,
        markerfacecolor="none",
        markeredgecolor=INK,
        label="Start",
    )
    axes.plot(
        centre["x"],
        centre["y"],
        linestyle="none",
        marker="*",
        markersize=11,
        color=INK,
        label="Selected network",
    )
    axes.grid(visible=False)
    label_axes(axes, x=labels[0], y=labels[1])
    legend_above(axes, columns=3)
    return axes


def loss_surface(
    surface: pd.DataFrame,
    path: pd.DataFrame,
    axes: Any,
    *,
    part: str,
    labels: tuple[str, str],
) -> Any:
    """Draw one plane and part on Axes of projection "3d": the surface, and on it the first path.

    The path is drawn where its points lie in the plane, at the loss of these points.
    """
    x, y, loss = surface_grid(surface)
    top = float(np.quantile(loss[np.isfinite(loss)], TOP_SHARE))
    axes.plot_surface(
        x, y, np.minimum(loss, top), cmap="cividis", rcount=21, ccount=21, linewidth=0.15,
        edgecolor=INK, alpha=0.75,
    )  # fmt: skip
    first = path[path["learning_rate"] == path["learning_rate"].iloc[0]]
    height = first[f"{part}_loss_on_plane"].clip(upper=top)
    colour, marker, _ = PATH_STYLES[1]
    axes.plot(first["x"], first["y"], height, color=colour, marker=marker, markersize=3, zorder=10)
    axes.view_init(*EYE)
    axes.set_box_aspect((1.15, 1.0, 0.8), zoom=1.2)
    axes.grid(visible=False)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((0.0, 0.0, 0.0, 0.0))
        axis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel(labels[0], labelpad=4)
    axes.set_ylabel(labels[1], labelpad=6)
    axes.set_zlabel("Loss (no unit)", labelpad=8)
    return axes


def contour_levels(loss: Grid) -> Grid:
    """Return the levels of contour lines, closer near the lowest loss."""
    known = loss[np.isfinite(loss)]
    low, high = float(known.min()), float(np.quantile(known, TOP_SHARE))
    if high <= low:
        high = low + max(abs(low), 1.0) * 1e-3
    return np.asarray(low + (high - low) * (np.arange(1, LEVELS + 1) / LEVELS) ** 2)


def surface_grid(surface: pd.DataFrame) -> tuple[Grid, Grid, Grid]:
    """Return x, y and the loss as matrices; a loss that is not finite is NaN."""
    wide = surface.pivot_table(index="y", columns="x", values="loss", dropna=False)
    loss = wide.to_numpy(np.float64)
    x, y = np.meshgrid(wide.columns.to_numpy(np.float64), wide.index.to_numpy(np.float64))
    return x, y, np.where(np.isfinite(loss), loss, np.nan)


def _rate_label(rate: Any) -> str:
    return f"Rate {rate:.2g}"
