"""Draws train and validation loss of every fold and member as bands with their medians."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from volcast.reports.figures.palette import INK, label_axes, legend_above, model_colour

LOSSES = {"train_loss": ("Train", "ewma"), "val_loss": ("Validation", "network")}
BAND = (0.1, 0.5, 0.9)  # quantiles of the members


def curve_bands(history: pd.DataFrame) -> pd.DataFrame:
    """Return `loss, epoch, low, median, high` over all members of all folds, their start = 1.

    An epoch counts as long as at least half of the members train.
    """
    frames = []
    for loss in LOSSES:
        finite = history.assign(value=history[loss].where(np.isfinite(history[loss])))
        wide = finite.pivot_table(index="epoch", columns=["fold", "member"], values="value")
        relative = 1.0 + (wide - wide.iloc[0]) / wide.iloc[0].abs()
        running = relative[relative.notna().mean(axis=1) >= 0.5]
        bands = running.quantile(list(BAND), axis=1).T
        bands.columns = pd.Index(["low", "median", "high"])
        frames.append(bands.reset_index().assign(loss=loss))
    return pd.concat(frames, ignore_index=True)


def draw_curve_bands(bands: pd.DataFrame, best_epochs: pd.Series, axes: Axes) -> Axes:
    """Draw the table of `curve_bands`; a tick below marks the best epoch of each member."""
    axes.axhline(1.0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), label="HAR start")
    for loss, (label, model) in LOSSES.items():
        part, colour = bands[bands["loss"] == loss], model_colour(model)
        axes.fill_between(
            part["epoch"], part["low"], part["high"], color=colour, alpha=0.22, linewidth=0
        )
        axes.plot(part["epoch"], part["median"], color=colour, linewidth=2.0, label=label)
    known = best_epochs[best_epochs <= bands["epoch"].max()]
    axes.plot(
        known,
        np.full(len(known), 0.02),
        linestyle="none",
        marker="|",
        markersize=9,
        color=model_colour("network"),
        alpha=0.5,
        transform=axes.get_xaxis_transform(),
        label="Best epochs",
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_axes(axes, x="Epoch", y="Loss (share of the HAR start)")
    legend_above(axes)
    return axes
