"""Functions of a point to minimise, and the path of an update rule on them."""

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
    """Return ``x² + steepness y²``, whose curvatures have the ratio `steepness`.

    Examples
    --------
    >>> build_quadratic(10.0).value_at(np.array([1.0, 1.0]))
    11.0
    """
    curvature = np.array([1.0, steepness])
    return Function(
        f"x² + {steepness:g} y²",
        lambda point: (curvature * point**2).sum(axis=-1),
        lambda point: 2.0 * curvature * point,
    )


def descend(function: Function, start: Sequence[float], rule: UpdateRule, steps: int) -> Float:
    """Return the start and the point after each step, (steps + 1, d).

    Examples
    --------
    >>> from volcast.models.backprop.optimizers import GradientDescent
    >>> descend(PARABOLA, [4.0], GradientDescent(0.25), steps=2).ravel().tolist()
    [4.0, 2.0, 1.0]
    """
    points, optimizer = [np.array(start, dtype=np.float64)], Optimizer(rule)
    for _ in range(steps):
        points += optimizer.step(points[-1:], [function.gradient(points[-1])])
    return np.array(points)


def build_path_table(function: Function, points: Float, **labels: str | float) -> pd.DataFrame:
    """Return a path as rows `step, x, (y,) value`, with the labels as further columns."""
    table = pd.DataFrame(points, columns=["x", "y"][: points.shape[1]])
    table.insert(0, "step", range(len(table)))
    return table.assign(value=function.value(points)).assign(**labels)


def build_grid_table(
    function: Function, x: tuple[float, float], y: tuple[float, float], lines: int
) -> pd.DataFrame:
    """Return the function on a regular grid of `lines` by `lines` points, rows `x, y, value`."""
    points = build_grid(x, y, lines)
    return pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "value": function.value(points)})


def build_grid(x: tuple[float, float], y: tuple[float, float], lines: int) -> Float:
    """Return the points of a regular grid, (lines², 2), with x varying fastest."""
    across, up = np.meshgrid(np.linspace(*x, lines), np.linspace(*y, lines))
    return np.column_stack([across.ravel(), up.ravel()])
