"""The computation graph of j = 3 (a + b c), forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.gradient_check import central_differences

POINT = {"a": 1.0, "b": 2.0, "c": 3.0}


@dataclass(frozen=True)
class Node:
    """A variable, as a function of its parents, with its slope with respect to each of them."""

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


def compute_values(inputs: Mapping[str, float]) -> dict[str, float]:
    """Return the value of every node, parents first."""
    values = dict(inputs)
    for node in GRAPH:
        values[node.name] = node.value(*(values[parent] for parent in node.parents))
    return values


def compute_gradients(values: Mapping[str, float]) -> dict[str, float]:
    """Return dj/d(node) of every node, by the chain rule from the last node to the inputs.

    Examples
    --------
    >>> gradients = compute_gradients(compute_values(POINT))
    >>> {name: gradients[name] for name in POINT}
    {'a': 3.0, 'b': 9.0, 'c': 6.0}
    """
    gradients = dict.fromkeys(values, 0.0) | {GRAPH[-1].name: 1.0}
    for node in reversed(GRAPH):
        slopes = node.slopes(*(values[parent] for parent in node.parents))
        for parent, slope in zip(node.parents, slopes, strict=True):
            gradients[parent] += gradients[node.name] * slope
    return gradients


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `nodes` (name, formula, level, value, gradient) and `edges` (source, target, slope).

    `level` is the length of the longest path from an input; the formula of an input is its name.
    """
    values = compute_values(POINT)
    gradients = compute_gradients(values)
    formulas = {name: name for name in POINT} | {node.name: node.formula for node in GRAPH}
    levels = dict.fromkeys(POINT, 0)
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


def compute_numeric_gradients() -> Float:
    """Return the gradients of the inputs by central differences, in the order of `POINT`."""
    names = list(POINT)
    return central_differences(
        lambda at: compute_values(dict(zip(names, at, strict=True)))[GRAPH[-1].name],
        np.array(list(POINT.values())),
    )
