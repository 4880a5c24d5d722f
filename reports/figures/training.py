"""Draws the training curves of all folds, relative to their HAR start."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import MaxNLocator

from volcast.reports.figures.palette import INK, label_axes, legend_above, model_colour

HIGHEST = 1.5  # of the HAR start; a fold that diverges leaves the axis
LABEL_OF_LOSS = {"val_loss": "Validation loss", "train_loss": "Train loss"}


def curves_by_fold(history: pd.DataFrame, loss: str) -> pd.DataFrame:
    """Return the median curve over members: one row an epoch, one column a fold, start = 1.

    Infinite losses become NaN; if a member has stopped, the others continue.
    """
    finite = history.assign(value=history[loss].where(history[loss].abs() < float("inf")))
    wide = finite.pivot_table(index="epoch", columns="fold", values="value", aggfunc="median")
    return 1.0 + (wide - wide.iloc[0]) / wide.iloc[0].abs() if len(wide) else wide


def training_curves(curves: pd.DataFrame, axes: Axes, *, loss: str) -> Axes:
    """Draw the table of `curves_by_fold`: a thin line a fold, the median thick, best epochs marked.

    The median continues while at least half of the folds train. Curves leave the figure
    above 1.5. `loss` is a column of the history.
    """
    colour = model_colour("network" if loss == "val_loss" else "ewma")
    axes.axhline(1.0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), label="HAR start")
    lines = [curve.dropna().reset_index().to_numpy(float) for _, curve in curves.items()]
    axes.add_collection(
        LineCollection(lines, colors=colour, linewidths=0.7, alpha=0.55, label="One fold")
    )
    running = curves.notna().mean(axis=1) >= 0.5
    median = curves[running].median(axis=1)
    axes.plot(median.index, median, color=colour, linewidth=2.0, label="Median")
    if loss == "val_loss":
        _mark_best(curves, axes, colour)
    axes.autoscale_view()
    axes.set_ylim(top=min(HIGHEST, axes.get_ylim()[1]))
    label_axes(axes, x="Epoch", y=f"{LABEL_OF_LOSS[loss]} (share of the HAR start)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_above(axes)
    return axes


def _mark_best(curves: pd.DataFrame, axes: Axes, colour: str) -> None:
    known = curves.dropna(axis="columns", how="all")
    axes.plot(
        known.idxmin().to_numpy(),
        known.min().to_numpy(),
        linestyle="none",
        marker="o",
        markersize=3.2,
        color=colour,
        label="Best epoch",
    )
