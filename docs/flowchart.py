"""Mermaid flowcharts as SVG in the colours of the page, without a browser or a network."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from flowchart_layout import Arrow, find_layers, find_route, order_points, place_points

BLOCK = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NODE = re.compile(r'^(\w+)(?:\["(.+)"\])?$')
UNQUOTED = r'(?=(?:[^"]*"[^"]*")*[^"]*$)'  # an even number of quotes follows
AND, THEN = re.compile(" & " + UNQUOTED), re.compile(" --> " + UNQUOTED)
START = "flowchart TD"
CHARACTERS = 25  # of a line in a box
BOX_WIDTH, LINE_HEIGHT, PADDING, GAP = 164.0, 15.0, 8.0, 14.0  # pixels
LAYER_GAP = 44.0  # pixels between layers, for the arrows
ARROWHEAD = (
    '<defs><marker id="arrowhead" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
)


@dataclass(frozen=True)
class Flowchart:
    """Boxes and the arrows between them.

    Attributes
    ----------
    labels
        Name of a node to the lines of its box.
    arrows
        Pairs of names, from and to.
    """

    labels: dict[str, list[str]] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)


def replace_flowcharts(text: str) -> str:
    """Return a page with a figure in place of every block of Mermaid."""
    return BLOCK.sub(
        lambda found: f"```{{raw}} html\n{draw_flowchart(parse_flowchart(found[1]))}\n```", text
    )


def parse_flowchart(source: str) -> Flowchart:
    """Return the nodes and arrows of a flowchart with ``-->``, ``&`` and quoted labels.

    Raises
    ------
    ValueError
        A line holds anything else.
    """
    chart = Flowchart()
    first, *lines = [line.strip() for line in source.splitlines() if line.strip()]
    if first != START:
        raise ValueError(f"a flowchart begins with {START!r}; got {first!r}")
    for line in lines:
        groups = [
            [_read_node(node, chart.labels) for node in AND.split(group)]
            for group in THEN.split(line)
        ]
        for sources, targets in pairwise(groups):
            chart.arrows.extend((one, to) for one in sources for to in targets)
    return chart


def draw_flowchart(chart: Flowchart) -> str:
    """Return a flowchart as an SVG element; its colours are those of the style sheet."""
    layers = find_layers(list(chart.labels), chart.arrows)
    routes = [find_route(arrow, layers) for arrow in chart.arrows]
    rows = order_points(layers, routes)
    middles = place_points(rows, routes, BOX_WIDTH + GAP)
    heights = {name: len(lines) * LINE_HEIGHT + 2 * PADDING for name, lines in chart.labels.items()}
    spans, top = [], 0.0
    for row in rows:
        bottom = top + max(heights.get(str(each), 0.0) for each in row)
        spans.append((top, bottom))
        top = bottom + LAYER_GAP
    parts = [ARROWHEAD]
    for route in routes:
        first = layers[str(route[0])]
        begin = spans[first][0] + heights[str(route[0])]
        passed = spans[first : first + len(route)]
        parts.append(_draw_arrow([middles[point] for point in route], begin, passed))
    parts += [
        _draw_box(middles[name], spans[n][0], chart.labels[name]) for name, n in layers.items()
    ]
    width = max(x + (BOX_WIDTH if each in layers else GAP) / 2 for each, x in middles.items())
    size = f"0 -1 {width + 1:.0f} {spans[-1][1] + 2:.0f}"
    svg = f'<svg class="flowchart" role="img" viewBox="{size}">{"".join(parts)}</svg>'
    return f'<div class="flowchart-scroll">{svg}</div>'


def _read_node(text: str, labels: dict[str, list[str]]) -> str:
    found = NODE.match(text.strip())
    if found is None:
        raise ValueError(f'a node is name or name["label"]; got {text.strip()!r}')
    name, label = found.groups()
    if label or name not in labels:
        parts = (label or name).split("<br>")
        labels[name] = [line for part in parts for line in textwrap.wrap(part, CHARACTERS)]
    return str(name)


def _draw_box(middle: float, top: float, lines: Sequence[str]) -> str:
    height = len(lines) * LINE_HEIGHT + 2 * PADDING
    words = [
        f'<text x="{middle:.1f}" y="{top + PADDING + (n + 0.75) * LINE_HEIGHT:.1f}">'
        f"{escape(line)}</text>"
        for n, line in enumerate(lines)
    ]
    left = middle - BOX_WIDTH / 2
    box = (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{BOX_WIDTH:.0f}" height="{height:.0f}" rx="4"/>'
    )
    return f"<g>{box}{''.join(words)}</g>"


def _draw_arrow(across: Sequence[float], begin: float, spans: Sequence[tuple[float, float]]) -> str:
    """Return the path of an arrow: straight through a layer, in a curve to the next one."""
    path = f"M{across[0]:.1f} {begin:.1f}"
    for (one, to), ((_, bottom), (top, _)) in zip(pairwise(across), pairwise(spans), strict=True):
        half = (bottom + top) / 2
        path += f"V{bottom:.1f}C{one:.1f} {half:.1f} {to:.1f} {half:.1f} {to:.1f} {top:.1f}"
    return f'<path class="arrow" d="{path}"/>'
