"""Functions of a point to descend on, and the path that an update rule takes down them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.optimizers import Optimizer, UpdateRule


@dataclass(frozen=True)
class Function:
    """A function of points (..., d): `value` gives (...), `gradient` (..., d)."""

    name: str
    value: Callable[[Float], Float]
    gradient: Callable[[Float], Float]

    def value_at(self, point: Float) -> float:
        """Return the value at a single point (d,)."""
        return float(self.value(point))


PARABOLA = Function("f(x) = x²", lambda x: x[..., 0] ** 2, lambda x: 2.0 * x)


def build_quadratic(steepness: float) -> Function:
    """Return ``x² + steepness y²``: the ratio of its curvatures is the steepness."""
    curvature = np.array([1.0, steepness])
    return Function(
        f"x² + {steepness:g} y²",
        lambda point: (curvature * point**2).sum(axis=-1),
        lambda point: 2.0 * curvature * point,
    )


def path(function: Function, start: Sequence[float], rule: UpdateRule, steps: int) -> Float:
    """Return the start and the point after each step, (steps + 1, d)."""
    points, descent = [np.array(start, dtype=np.float64)], Optimizer(rule)
    for _ in range(steps):
        points += descent.step(points[-1:], [function.gradient(points[-1])])
    return np.array(points)


def path_table(function: Function, points: Float, **labels: str | float) -> pd.DataFrame:
    """Return a path as rows `step, x, (y,) value`, with the labels as columns before."""
    table = pd.DataFrame(points, columns=["x", "y"][: points.shape[1]])
    table.insert(0, "step", range(len(table)))
    return table.assign(value=function.value(points)).assign(**labels)


def grid_table(
    function: Function, x: tuple[float, float], y: tuple[float, float], lines: int
) -> pd.DataFrame:
    """Return the function on an even grid, rows `x, y, value`, `lines` a side."""
    points = grid(x, y, lines)
    return pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "value": function.value(points)})


def grid(x: tuple[float, float], y: tuple[float, float], lines: int) -> Float:
    """Return the points of an even grid, (lines², 2), x running fastest."""
    across, up = np.meshgrid(np.linspace(*x, lines), np.linspace(*y, lines))
    return np.column_stack([across.ravel(), up.ravel()])
