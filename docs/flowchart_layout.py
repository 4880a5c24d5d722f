"""Where the boxes and arrows of a flowchart go: in layers, with few crossings (Sugiyama)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

Arrow = tuple[str, str]
Point = str | tuple[str, str, int]  # a node, or where an arrow passes a layer
SWEEPS = 24  # over the layers, downwards and upwards in turn
LANE = 16  # the room of an arrow that passes between boxes, in pixels


def find_layers(nodes: Sequence[str], arrows: Sequence[Arrow]) -> dict[str, int]:
    """Return the layer of each node: below all that point to it, as high as that allows.

    Raises
    ------
    ValueError
        The arrows form a circle.
    """
    layers = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for one, to in arrows:
            layers[to] = max(layers[to], layers[one] + 1)
    if any(layers[to] <= layers[one] for one, to in arrows):
        raise ValueError("the arrows form a circle")
    return layers


def find_route(arrow: Arrow, layers: Mapping[str, int]) -> list[Point]:
    """Return the points of an arrow: a node, one in each layer between, and a node."""
    one, to = arrow
    return [one, *((one, to, layer) for layer in range(layers[one] + 1, layers[to])), to]


def order_points(layers: Mapping[str, int], routes: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """Return the points of each layer from left to right, in the order that crosses least."""
    rows: list[list[Point]] = [[] for _ in range(max(layers.values()) + 1)]
    for point in dict.fromkeys([*layers, *(each for route in routes for each in route)]):
        rows[layers[point] if isinstance(point, str) else point[2]].append(point)
    above, below = _find_neighbours(routes)
    best, fewest = rows, count_crossings(rows, routes)
    for sweep in range(SWEEPS):
        near, step = (below, -1) if sweep % 2 else (above, 1)
        rows = _sort_by_neighbours(rows, near, step)
        crossings = count_crossings(rows, routes)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def count_crossings(rows: Sequence[Sequence[Point]], routes: Sequence[Sequence[Point]]) -> int:
    """Return how many pairs of arrows cross."""
    at = {point: (y, x) for y, row in enumerate(rows) for x, point in enumerate(row)}
    steps = [(*at[one], at[to][1]) for route in routes for one, to in pairwise(route)]
    return sum(
        layer == other and (start - begin) * (end - finish) < 0
        for n, (layer, start, end) in enumerate(steps)
        for other, begin, finish in steps[:n]
    )


def place_points(
    rows: Sequence[Sequence[Point]], routes: Sequence[Sequence[Point]], box: float
) -> dict[Point, float]:
    """Return the middle of each point: close to its neighbours, without overlap in its layer.

    Parameters
    ----------
    rows
        The points of each layer from left to right.
    routes
        The points of each arrow.
    box
        The room of a node, in pixels.
    """
    above, below = _find_neighbours(routes)
    room = [np.array([box if isinstance(each, str) else LANE for each in row]) for row in rows]
    packed = [np.cumsum(widths) - widths / 2 for widths in room]
    at: dict[Point, float] = {}
    for row, middles in zip(rows, packed, strict=True):
        at |= dict(zip(row, middles, strict=True))
    for sweep in range(SWEEPS):
        for n in range(len(rows))[:: -1 if sweep % 2 else 1]:
            near = [above.get(each, []) + below.get(each, []) or [each] for each in rows[n]]
            wanted = np.array([np.mean([at[each] for each in points]) for points in near])
            moved: NDArray[np.float64] = isotonic_regression(wanted - packed[n]).x + packed[n]
            at |= dict(zip(rows[n], moved, strict=True))
    left = min(at[row[0]] - widths[0] / 2 for row, widths in zip(rows, room, strict=True))
    return {point: float(middle - left) for point, middle in at.items()}


def _find_neighbours(
    routes: Sequence[Sequence[Point]],
) -> tuple[dict[Point, list[Point]], dict[Point, list[Point]]]:
    above: dict[Point, list[Point]] = {}
    below: dict[Point, list[Point]] = {}
    for one, to in (pair for route in routes for pair in pairwise(route)):
        above.setdefault(to, []).append(one)
        below.setdefault(one, []).append(to)
    return above, below


def _sort_by_neighbours(
    rows: Sequence[Sequence[Point]], near: Mapping[Point, list[Point]], step: int
) -> list[list[Point]]:
    """Return the rows, each sorted by the mean position of its neighbours, in steps downwards."""
    at = {point: float(n) for row in rows for n, point in enumerate(row)}
    found = []
    for row in rows[::step]:
        mean = {each: np.mean([at[other] for other in near.get(each, [each])]) for each in row}
        found.append(sorted(row, key=mean.__getitem__))
        at |= {point: float(n) for n, point in enumerate(found[-1])}
    return found[::step]
