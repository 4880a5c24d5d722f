"""From a drawing function to an inline SVG that follows the page: colours, font and width."""

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from volcast.reports.figures.palette import INK

WIDTH_PX = 420  # one panel of the page's grid; text is drawn at 1:1
ROOM_FOR_Y_LABEL = 0.07  # of the height
POINTS_PER_INCH = 72  # the SVG backend counts points; one is taken as one CSS pixel
FONT_STACK = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif"

STROKES = 'stroke-linejoin="round" stroke-linecap="butt"'

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    # Measured with matplotlib's own font, which is wider than those of the stack: nothing is cut.
    "font.family": "DejaVu Sans",
    "font.size": 11.5,
    "grid.alpha": 0.14,
    "grid.color": INK,
    "grid.linewidth": 0.6,
    "legend.fontsize": 11.0,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "volcast",
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "xtick.color": INK,
    "xtick.major.size": 3.0,
    "xtick.major.width": 0.6,
    "ytick.color": INK,
    "ytick.major.size": 0.0,
}


def figure_svg(
    draw: Callable[[Axes], object],
    *,
    name: str,
    alt: str,
    height_px: int = 260,
    projection: str | None = None,
) -> str:
    """Return the drawing as an SVG element to be placed in a page.

    Parameters
    ----------
    draw
        Draws on the Axes that it gets.
    name
        Unique in the page; all ids inside the SVG begin with it.
    alt
        What the figure shows, for those who cannot see it.
    height_px
        Height at the width of a panel (420 px).
    projection
        Of the Axes, such as "3d"; None is the plane.

    The same drawing gives the same bytes. Text and axes take the page's text colour.
    """
    size = (WIDTH_PX / POINTS_PER_INCH, height_px / POINTS_PER_INCH)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, dpi=POINTS_PER_INCH, layout="constrained")
        axes = figure.add_subplot(projection=projection)
        draw(axes)
        if axes.get_legend() is None:  # else the layout makes room for it, and for the y label
            figure.set_layout_engine("constrained", rect=(0.0, 0.0, 1.0, 1.0 - ROOM_FOR_Y_LABEL))
        target = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        # Not through `savefig`, which would draw everything twice for the sake of the layout.
        FigureCanvasSVG(figure).print_svg(target, metadata=nothing)  # type: ignore[no-untyped-call]
    return _inline(target.getvalue(), name, alt)


def _inline(svg: str, name: str, alt: str) -> str:
    """Keep the drawing alone, give its ids the prefix and its ink the page's colour."""
    prefix = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    body = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    body = body[body.index("<defs") : body.rindex("</svg>")]
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r' id="([^"]+)"', rf' id="{prefix}-\1"', body)
    body = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', body).replace("xlink:href", "href")
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", body)
    body = body.replace("'DejaVu Sans'", FONT_STACK).replace(INK, "currentColor")
    # A style element inside an inline SVG would apply to the whole page.
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<[^>]+>", _shorten, body)
    body = re.sub(r"\s*\n\s*", "\n", body)
    box = re.search(r'viewBox="[^"]*"', svg)
    shape = box.group() if box else f'viewBox="0 0 {WIDTH_PX} {WIDTH_PX}"'
    label = escape(alt, quote=True)
    return f'<svg class="figure" role="img" aria-label="{label}" {shape} {STROKES}>\n{body}</svg>'


def _shorten(tag: re.Match[str]) -> str:
    """Return a tag with coordinates to a hundredth of a pixel; text between tags stays as it is."""
    return re.sub(r"(\.\d\d)\d+", r"\1", tag.group())
