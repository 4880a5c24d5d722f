"""Draws how gradients reach the layers of a network, and what the steps do to the weights."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_hex, to_rgb
from matplotlib.ticker import LogLocator, MaxNLocator

from volcast.reports.figures.palette import INK, label_axes, legend_above, log_axis, model_colour

FIRST_COLOUR, LAST_COLOUR = model_colour("network"), model_colour("har")
LEAST_RANGE = 3.0  # of a logarithmic axis, from its lower end to its upper one
NAMED_LAYERS = 4  # with more, the legend names the first, the middle and the last
COLOURS = {"configured": model_colour("network"), "relu, he": model_colour("ewma")}
RIGHT_COLOUR, WRONG_COLOUR = model_colour("network"), model_colour("har")
SMALLEST_ERROR = 1e-13  # drawn; float64 leaves more
NETWORK_LABELS = {"configured": "As configured", "relu, he": "With ReLU and He"}


def gradient_by_layer(table: pd.DataFrame, axes: Axes) -> Axes:
    """Draw `network, layer, gradient_rms`: a line a network, from the first layer to the last.

    A layer without any gradient has no point.
    """
    for network, part in table.groupby("network", sort=False):
        axes.plot(
            part["layer"],
            _above_zero(part["gradient_rms"]),
            color=COLOURS[str(network)],
            marker="o" if network == "configured" else "s",
            markersize=4,
            label=NETWORK_LABELS[str(network)],
        )
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high < LEAST_RANGE * low:
        axes.set_ylim(low / LEAST_RANGE, high * LEAST_RANGE)
    few_powers(axes.yaxis)
    _whole_numbers(axes, table["layer"])
    label_axes(
        axes,
        x="Layer (1 sees the inputs, the last is the output)",
        y="Gradient of a weight (loss per unit)",
    )
    legend_above(axes)
    return axes


def by_epoch(table: pd.DataFrame, axes: Axes, *, column: str, label: str, log: bool) -> Axes:
    """Draw a column of `epoch, layer, ...` of one network: a line a layer, blue the first.

    Zeros are left out where `log`; otherwise the axis shows percent.
    """
    layers = sorted(table["layer"].unique())
    named = layers
    if len(layers) > NAMED_LAYERS:
        named = [layers[0], layers[len(layers) // 2], layers[-1]]
    for place, layer in enumerate(layers):
        part = table[table["layer"] == layer]
        values = _above_zero(part[column]) if log else 100.0 * part[column]
        axes.plot(
            part["epoch"],
            values,
            color=_between(place / max(len(layers) - 1, 1)),
            linewidth=1.6,
            marker="o" if len(part) == 1 else None,
            label=_layer_label(part) if layer in named else None,
        )
    if log:
        axes.set_yscale("log")
        few_powers(axes.yaxis)
    _whole_numbers(axes, table["epoch"])
    label_axes(axes, x="Epoch", y=label)
    legend_above(axes)
    return axes


def clipping_by_epoch(table: pd.DataFrame, axes: Axes) -> Axes:
    """Draw `epoch, clipped_share, kept_share` of one network, in percent."""
    axes.plot(
        table["epoch"],
        100.0 * table["clipped_share"],
        color=model_colour("network"),
        label="Steps clipped",
    )
    axes.plot(
        table["epoch"],
        100.0 * table["kept_share"],
        color=model_colour("har"),
        linestyle=(0, (4, 2)),
        marker="o",
        markersize=3,
        label="Norm left in clipped steps",
    )
    axes.set_ylim(-3.0, 103.0)
    _whole_numbers(axes, table["epoch"])
    label_axes(axes, x="Epoch", y="Share (%)")
    legend_above(axes)
    return axes


def errors_by_part(table: pd.DataFrame, axes: Axes, *, limit: float) -> Axes:
    """Draw `name, relative_error, verdict`: a dot a part on a log axis, the limit dashed."""
    places = np.arange(len(table))[::-1]
    colours = [WRONG_COLOUR if verdict != "right" else RIGHT_COLOUR for verdict in table["verdict"]]
    errors = table["relative_error"].clip(lower=SMALLEST_ERROR)
    axes.axvline(limit, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.hlines(places, np.full(len(table), SMALLEST_ERROR), errors, colors=colours, linewidth=2.0)
    axes.scatter(errors, places, c=colours, s=30, zorder=3)
    axes.set_xscale("log")
    axes.set_xlim(SMALLEST_ERROR, 2.0)
    few_powers(axes.xaxis)
    axes.set_ylim(-0.6, len(table) - 0.4)
    axes.set_yticks(places, table["name"])
    axes.grid(visible=False)
    label_axes(axes, x="Relative error (no unit; wrong if right of the dashed line)", y="Part")
    return axes


def few_powers(axis: Axis) -> None:
    """Show few powers of ten as plain numbers; less than two of them, and 2 and 5 as well."""
    low, high = axis.get_view_interval()
    wide = high / low >= 100.0
    axis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=6))
    log_axis(axis)


def _layer_label(part: pd.DataFrame) -> str:
    first = part.iloc[0]
    return "Output" if first["place"] == "output" else f"Layer {first['layer']}"


def _whole_numbers(axes: Axes, values: pd.Series) -> None:
    """Show whole numbers on the x axis, even if there are only one or two."""
    axes.set_xlim(values.min() - 0.5, values.max() + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _above_zero(values: pd.Series) -> pd.Series:
    return values.where(values > 0.0)


def _between(share: float) -> str:
    """Return a colour between those of the first and the last layer."""
    first, last = to_rgb(FIRST_COLOUR), to_rgb(LAST_COLOUR)
    red, green, blue = ((1.0 - share) * a + share * b for a, b in zip(first, last, strict=True))
    return to_hex((red, green, blue))
