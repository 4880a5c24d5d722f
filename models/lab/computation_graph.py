"""The computation graph of j = 3 (a + b c): values forward, gradients backward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.gradient_check import central_differences

AT = {"a": 1.0, "b": 2.0, "c": 3.0}


@dataclass(frozen=True)
class Node:
    """A variable made of others: its value, and its slope with respect to each of them."""

    name: str
    formula: str
    parents: tuple[str, ...]
    value: Callable[..., float]
    slopes: Callable[..., tuple[float, ...]]


GRAPH = (
    Node("u", "b c", ("b", "c"), lambda b, c: b * c, lambda b, c: (c, b)),
    Node("v", "a + u", ("a", "u"), lambda a, u: a + u, lambda a, u: (1.0, 1.0)),
    Node("j", "3 v", ("v",), lambda v: 3.0 * v, lambda v: (3.0,)),
)


def forward(inputs: Mapping[str, float]) -> dict[str, float]:
    """Return the value of every node, parents first."""
    values = dict(inputs)
    for node in GRAPH:
        values[node.name] = node.value(*(values[parent] for parent in node.parents))
    return values


def backward(values: Mapping[str, float]) -> dict[str, float]:
    """Return dj/d(node) of every node: each hands its own on to its parents, times the slope."""
    gradients = dict.fromkeys(values, 0.0) | {GRAPH[-1].name: 1.0}
    for node in reversed(GRAPH):
        slopes = node.slopes(*(values[parent] for parent in node.parents))
        for parent, slope in zip(node.parents, slopes, strict=True):
            gradients[parent] += gradients[node.name] * slope
    return gradients


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `nodes` (name, formula, level, value, gradient) and `edges` (source, target, slope).

    `level` is the longest way from an input; an input's formula is its name.
    """
    values = forward(AT)
    gradients = backward(values)
    formulas = {name: name for name in AT} | {node.name: node.formula for node in GRAPH}
    levels = dict.fromkeys(AT, 0)
    for node in GRAPH:
        levels[node.name] = 1 + max(levels[parent] for parent in node.parents)
    nodes = pd.DataFrame(
        {
            "name": list(values),
            "formula": [formulas[name] for name in values],
            "level": [levels[name] for name in values],
            "value": list(values.values()),
            "gradient": [gradients[name] for name in values],
        }
    )
    edges = [
        {"source": parent, "target": node.name, "slope": slope}
        for node in GRAPH
        for parent, slope in zip(
            node.parents, node.slopes(*(values[p] for p in node.parents)), strict=True
        )
    ]
    return {"nodes": nodes, "edges": pd.DataFrame(edges)}


def numeric_gradients() -> Float:
    """Return the gradients of the inputs by central differences, in the order of `AT`."""
    names = list(AT)
    return central_differences(
        lambda at: forward(dict(zip(names, at, strict=True)))[GRAPH[-1].name],
        np.array(list(AT.values())),
    )
