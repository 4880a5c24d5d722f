"""Draws graphs: the computation of j forward and backward, and a network with its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import INK
from volcast.reports.lab.figures.style import BLUE, ORANGE
from volcast.reports.lab.records import rows

NODE_SIZE = 36  # points across
THICKEST = 9.0  # points, of the connection with the largest share
LABELLED_SHARE = 0.03  # smaller shares would only crowd the drawing
LABEL_AT = 0.26  # of the way: beyond, connections cross


def computation_graph(
    nodes: pd.DataFrame, edges: pd.DataFrame, axes: Axes, *, backward: bool
) -> Axes:
    """Draw the graph of `nodes` (name, formula, level, value, gradient), inputs on the left.

    Forward shows the values; backward the gradients, with the slopes of `edges` on the arrows.
    """
    places = _places(nodes, edges)
    for edge in rows(edges):
        tail, head = places[edge["source"]], places[edge["target"]]
        _arrow(axes, *((head, tail) if backward else (tail, head)))
        if backward:
            middle = np.add(tail, head) / 2.0
            _label(axes, middle, f"· {edge['slope']:g}", (0, 6), INK)
    column, sign = ("gradient", "∂j/∂{} = {:g}") if backward else ("value", "{} = {:g}")
    colour = ORANGE if backward else BLUE
    for node in rows(nodes):
        place = places[node["name"]]
        _circle(axes, place, node["formula"])
        text = sign.format(node["name"], node[column])
        _label(axes, place, text, (0, NODE_SIZE / 2 + 4), colour)
    return _bare(axes, places)


def weighted_network(neurons: pd.DataFrame, weights: pd.DataFrame, axes: Axes) -> Axes:
    """Draw neurons by layer; a connection is as thick as its share of the gradient.

    Blue connections would lower the loss by growing, orange dashed ones by shrinking.
    """
    counts = neurons["layer"].value_counts()
    places = {
        (n["layer"], n["place"]): (1.6 * n["layer"], counts[n["layer"]] / 2 - n["place"] - 0.5)
        for n in rows(neurons)
    }
    largest = weights["share"].max()
    for w in rows(weights):
        tail, head = places[w["layer"], w["source"]], places[w["layer"] + 1, w["target"]]
        grows = w["gradient"] < 0
        style = {
            "color": BLUE if grows else ORANGE,
            "linestyle": "-" if grows else (0, (2, 1)),
            "linewidth": max(0.6, THICKEST * w["share"] / largest),
        }
        _arrow(axes, tail, head, arrowstyle="-", **style)
        if w["share"] >= LABELLED_SHARE:
            at = np.add(np.multiply(1 - LABEL_AT, tail), np.multiply(LABEL_AT, head))
            _label(axes, at, f"{w['share']:.0%}", (2, style["linewidth"] / 2 + 3), INK)
    for n in rows(neurons):
        _circle(axes, places[n["layer"], n["place"]], n["name"])
    return _bare(axes, places)


def _places(nodes: pd.DataFrame, edges: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return the places of the nodes: inputs in a column, others at the middle of their parents."""
    places: dict[str, tuple[float, float]] = {}
    for node in rows(nodes):
        parents = [places[p] for p in edges.loc[edges["target"] == node["name"], "source"]]
        height = float(np.mean([y for _, y in parents])) if parents else -float(len(places))
        places[node["name"]] = (1.5 * node["level"], height)
    return places


def _arrow(axes: Axes, tail: tuple[float, float], head: tuple[float, float], **style: Any) -> None:
    """Draw an arrow from the edge of one node to that of another."""
    gap = NODE_SIZE / 2 + 1
    arrow = {"arrowstyle": "-|>", "color": INK, "alpha": 0.7, "shrinkA": gap, "shrinkB": gap}
    axes.annotate("", xy=head, xytext=tail, arrowprops=arrow | style)


def _circle(axes: Axes, place: tuple[float, float], text: str) -> None:
    axes.plot(*place, marker="o", markersize=NODE_SIZE, markerfacecolor="none", color=INK)
    axes.annotate(text, place, ha="center", va="center", zorder=3)


def _label(axes: Axes, place: object, text: str, offset: tuple[float, float], colour: str) -> None:
    axes.annotate(
        text,
        tuple(np.asarray(place)),
        xytext=offset,
        textcoords="offset points",
        ha="center",
        va="bottom",
        color=colour,
        fontweight="bold" if colour != INK else "normal",
        zorder=4,
    )


def _bare(axes: Axes, places: Mapping[Any, tuple[float, float]]) -> Axes:
    """Return the Axes without axes, with room around the places."""
    across, up = np.array(list(places.values())).T
    axes.set_xlim(across.min() - 0.55, across.max() + 0.55)
    axes.set_ylim(up.min() - 0.5, up.max() + 0.6)
    axes.set_axis_off()
    return axes
