"""Axes to draw on: those that the caller gives, or a new figure in the look of the reports."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes

from volcast.pipeline.errors import ConfigError

SIZE = (6.4, 3.8)  # inches; on a phone, half as wide, the text can still be read
RESOLUTION = 100  # dots an inch


def draw_on_axes(draw: Callable[[Axes], object], ax: Axes | None) -> Axes:
    """Draw on the given Axes, or on those of a new figure, and return them.

    A new figure is on white, so that it can be read on a dark page too.

    Raises
    ------
    ConfigError
        What was given is no Axes, such as the array of several that ``plt.subplots`` returns.
    """
    if ax is not None:
        if not isinstance(ax, Axes):
            raise ConfigError(
                "ax must be one matplotlib Axes, such as the second value of plt.subplots(); got "
                f"{type(ax).__name__}"
            )
        draw(ax)
        return ax
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    from volcast.reports.figures.render import ROOM_FOR_Y_LABEL, STYLE

    # Not within the context, which would undo what a notebook's backend sets at the first figure.
    figure = plt.figure(figsize=SIZE, dpi=RESOLUTION, layout="constrained", facecolor="white")
    with mpl.rc_context(STYLE):
        ax = figure.add_subplot(facecolor="white")
        draw(ax)
        if ax.get_legend() is None:  # else the layout makes room for it, and for the y label
            figure.set_layout_engine("constrained", rect=(0.0, 0.0, 1.0, 1.0 - ROOM_FOR_Y_LABEL))
    return ax
