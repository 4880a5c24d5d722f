"""From a drawing function to a titled figure of a page, singly or one a horizon."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Panel
from volcast.reports.figures.render import figure_svg
from volcast.reports.text_tables import horizon_name, sentence_case

TICKERS_DRAWN = 6  # figures of more would make the page long and heavy
HEIGHT_PX = 240  # of figures by horizon


def draw_panel(
    title: str, name: str, alt: str, draw: Callable[[Any], object], **options: Any
) -> Panel:
    """Return a titled figure, which is drawn when it is shown.

    Parameters
    ----------
    title
        Heading of the figure.
    name
        Unique in the page; all ids in the SVG begin with it.
    alt
        What the figure shows, for readers who cannot see it.
    draw
        Draws on the Axes that it gets.
    **options
        `height_px` and `projection` of `volcast.reports.figures.render.figure_svg`.
    """
    return Panel(title, partial(figure_svg, draw, name=name, alt=alt, **options))


def draw_panels_by_horizon(
    table: pd.DataFrame,
    name: str,
    draw: Callable[[pd.DataFrame, Axes], Axes],
    alt: Callable[[pd.DataFrame], str],
) -> list[Panel]:
    """Return a figure for each `horizon` of a table, shortest first; none for an empty table.

    Parameters
    ----------
    table
        A finished table with the column `horizon`.
    name
        Beginning of the figures' names.
    draw
        Draws the rows of one horizon.
    alt
        Describes the rows of one horizon; the horizon is added.
    """
    panels = []
    for horizon, part in table.groupby("horizon"):
        heading = horizon_name(int(str(horizon)))

        def draw_part(axes: Axes, part: pd.DataFrame = part) -> Axes:
            return draw(part, axes)

        panels.append(
            draw_panel(
                sentence_case(heading),
                f"{name}-{horizon}",
                f"{alt(part)} ({heading}).",
                draw_part,
                height_px=HEIGHT_PX,
            )
        )
    return panels
