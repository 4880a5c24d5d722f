"""A chart of lines over sessions as an SVG element, without a style of its own.

Colours come from the page's style sheet by class, so that the page's content policy holds and the
chart follows light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

HEIGHT = 260
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 26  # margins in pixels
PIXELS_PER_LABEL = 110
LABEL_WIDTH = 72
Y_TICKS = 5
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)  # of an axis, times a power of ten
WIDTHS = {"wide": 900, "narrow": 360}  # one of the two is shown, by the width of the screen


@dataclass(frozen=True)
class Line:
    """A line: what it is called, the class of its colour, and a value for each place."""

    label: str
    style: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Band:
    """An area between two lines."""

    label: str
    style: str
    lower: Sequence[float | None]
    upper: Sequence[float | None]


def draw_chart(
    places: Sequence[str],
    lines: Sequence[Line],
    *,
    alt: str,
    band: Band | None = None,
    from_zero: bool = True,
) -> Markup:
    """Return a chart at two widths, of which the style sheet shows one.

    Parameters
    ----------
    places
        The label of each place on the horizontal axis, such as the day of a session.
    lines
        With a value for each place; None leaves a gap.
    alt
        What the chart shows, for those who cannot see it.
    band
        An area behind the lines.
    from_zero
        Whether the vertical axis begins at zero.
    """
    known = [value for line in lines for value in line.values if value is not None]
    if band is not None:
        known += [value for value in (*band.lower, *band.upper) if value is not None]
    if not places or not known:
        return Markup()
    ticks = choose_ticks(0.0 if from_zero else min(known), max(known))
    parts = [
        _draw(name, width, places, lines, (ticks, band, alt)) for name, width in WIDTHS.items()
    ]
    return Markup("\n").join(parts)


def choose_ticks(low: float, high: float) -> list[float]:
    """Return round numbers from below `low` to above `high`.

    Examples
    --------
    >>> choose_ticks(0.0, 37.0)
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    span = max(high - low, abs(high) * 0.1, 1e-9)
    scale = 10.0 ** math.floor(math.log10(span / Y_TICKS))
    step = next(each * scale for each in STEPS if each * scale * Y_TICKS >= span)
    first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _draw(
    name: str,
    width: int,
    places: Sequence[str],
    lines: Sequence[Line],
    shared: tuple[list[float], Band | None, str],
) -> Markup:
    ticks, band, alt = shared
    low, high = ticks[0], ticks[-1]
    step = (width - LEFT - RIGHT) / max(len(places) - 1, 1)

    def find(place: int, value: float) -> str:
        y = TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)
        return f"{LEFT + place * step:.1f} {y:.1f}"

    body = [*_draw_axes(width, places, ticks, step)]
    if band is not None:
        for run in _find_runs([*zip(band.lower, band.upper, strict=True)]):
            there = [find(place, pair[1]) for place, pair in run]
            back = [find(place, pair[0]) for place, pair in reversed(run)]
            body.append(f'<path class="{band.style}" d="M{"L".join(there + back)}Z"/>')
    for line in lines:
        for run in _find_runs(line.values):
            points = [find(place, value) for place, value in run]
            points += points if len(points) == 1 else []  # a line without length is drawn as a dot
            kind = "line dot" if len(run) == 1 else "line"
            body.append(f'<path class="{kind} {line.style}" d="M{"L".join(points)}"/>')
    return Markup(
        '<svg class="chart {}" viewBox="0 0 {} {}" role="img" aria-label="{}">\n{}\n</svg>'
    ).format(name, width, HEIGHT, alt, Markup("\n".join(body)))


def _draw_axes(
    width: int, places: Sequence[str], ticks: Sequence[float], step: float
) -> Iterator[str]:
    low, high = ticks[0], ticks[-1]
    digits = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
    for tick in ticks:
        y = TOP + (HEIGHT - TOP - BOTTOM) * (high - tick) / (high - low)
        yield f'<path class="rule" d="M{LEFT} {y:.1f}H{width - RIGHT}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:.{digits}f}</text>'
    count = max(2, int((width - LEFT) / PIXELS_PER_LABEL))
    every = max(1, math.ceil(len(places) / count))
    for place in range(0, len(places), every):
        x = LEFT + place * step
        if x <= width - LABEL_WIDTH:
            yield f'<text x="{x:.1f}" y="{HEIGHT - 6}">{escape(places[place])}</text>'


def _find_runs(values: Sequence[Any]) -> Iterator[list[tuple[int, Any]]]:
    """Yield stretches of places whose values are known, with the values."""
    run: list[tuple[int, Any]] = []
    for place, value in enumerate(values):
        missing = value is None or (isinstance(value, tuple) and None in value)
        if not missing:
            run.append((place, value))
        elif run:
            yield run
            run = []
    if run:
        yield run
