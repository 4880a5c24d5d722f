"""The look of all figures: colours that hold on white and on near-black, axes, labels, legend.

The hues are Okabe and Ito's colour-blind-safe ones, moved to a middle lightness so that each has a
contrast of about 3:1 or more on both backgrounds.
"""

from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.transforms import Transform, offset_copy

LABEL_GAP = 5.0  # points between the top of the axis and the y label
LEGEND_GAP = 23.0  # and the legend above it

INK = "#010203"  # a sentinel: `volcast.reports.figures.render` turns it into the page's text colour

COLOUR_OF_MODEL = {
    "network": "#1f78c8",
    "har": "#d55e00",
    "garch": "#a463b0",
    "ewma": "#0b8f6a",
    "mean_22": "#a0822b",
    "last_value": "#808080",
    "har_pooled": "#a8702a",
    "har_rolling": "#c4552f",
    "lhar": "#9a6b8f",
    "lhar_pooled": "#6f7f9c",
    "harx": "#b5652b",
    "trees": "#4d8f2c",
    "gjr_garch_t": "#7d5fb8",
    "egarch": "#c2507a",
}
OTHER_COLOURS = ["#c2507a", "#5d83a6", "#7a8b3a", "#8c6d5a"]


def model_colour(model: str) -> str:
    """Return the colour of a model, the same in all figures; unknown names share four more."""
    if model in COLOUR_OF_MODEL:
        return COLOUR_OF_MODEL[model]
    return OTHER_COLOURS[sum(model.encode()) % len(OTHER_COLOURS)]


def label_axes(axes: Axes, *, x: str, y: str) -> None:
    """Label both axes, each with its unit; the y label stands upright above its axis."""
    axes.set_xlabel(x)
    axes.set_ylabel(y, rotation=0, ha="left", va="bottom")
    axes.yaxis.set_label_coords(0.0, 1.0, transform=_above(axes, LABEL_GAP))


def legend_above(axes: Axes, *, columns: int = 4) -> None:
    """Put the legend above the y label, where it covers no data."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        bbox_transform=_above(axes, LEGEND_GAP),
        ncols=columns,
        borderaxespad=0.0,
        borderpad=0.0,
        handlelength=1.3,
        columnspacing=1.4,
        handletextpad=0.5,
    )


def log_axis(axis: Axis, places: Iterable[float] | None = None) -> None:
    """Show powers of ten, or `places` only, as plain numbers: 0.001, 1e-06."""
    if places is not None:
        axis.set_major_locator(FixedLocator(list(places)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def date_axis(axes: Axes) -> None:
    """Show few dates, each as short as it can be."""
    # With a minimum of 3 there is no interval for spans between two and a half and three years.
    locator = AutoDateLocator(minticks=2, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)


def _above(axes: Axes, points: float) -> Transform:
    """Return the coordinates of the Axes, moved up by a fixed distance whatever its height."""
    return offset_copy(axes.transAxes, fig=axes.get_figure(root=True), y=points, units="points")
