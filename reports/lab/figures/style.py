"""What the lab's drawings share: series that differ in colour, dash and marker."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, NullLocator

from volcast.reports.figures.palette import COLOUR_OF_MODEL, INK

BLUE, ORANGE, GREEN, PURPLE = (
    COLOUR_OF_MODEL[model] for model in ("network", "har", "ewma", "garch")
)
SERIES: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "linestyle": "-", "marker": "o"},
    {"color": ORANGE, "linestyle": (0, (5, 1.5)), "marker": "s"},
    {"color": GREEN, "linestyle": (0, (1.5, 1.2)), "marker": "^"},
    {"color": PURPLE, "linestyle": (0, (6, 1.5, 1.5, 1.5)), "marker": "D"},
)
NO_UNIT = "no unit"
DASHED = (0, (4, 3))
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
PLAIN_POWERS = range(-3, 5)  # written out; others as 10⁻⁶


def plain_line(axes: Axes, x: Iterable[float], y: Iterable[float], number: int, label: str) -> None:
    """Draw one series as a line without markers."""
    style = {**SERIES[number], "marker": None}
    axes.plot(list(x), list(y), linewidth=1.6, label=label, **style)


def dotted_path(
    axes: Axes, x: Iterable[float], y: Iterable[float], number: int, label: str
) -> None:
    """Draw one path with a marker at every step."""
    axes.plot(
        list(x), list(y), linewidth=1.1, markersize=3.0, label=label, zorder=3, **SERIES[number]
    )


def mark_start(axes: Axes, x: float, y: float) -> None:
    """Draw a ring where paths begin."""
    axes.plot([x], [y], marker="o", markersize=8, markerfacecolor="none", color=INK, zorder=4)


def powers_of_ten(axis: Axis) -> None:
    """Label a logarithmic axis with plain text: 0.01, 1, 100, 10⁻⁶; no ticks between."""
    axis.set_major_formatter(FuncFormatter(_power))
    axis.set_minor_locator(NullLocator())


def _power(value: float, _: object) -> str:
    power = round(np.log10(value)) if value > 0 else 0
    if value <= 0 or power in PLAIN_POWERS:
        return f"{value:,g}"
    return f"10{str(power).translate(SUPERSCRIPTS)}"
