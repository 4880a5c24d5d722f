"""A surface with two minima, a saddle point between them and a plateau around them."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.gradient_check import central_differences
from volcast.models.backprop.optimizers import Adam, GradientDescent, Momentum, RMSprop, UpdateRule
from volcast.models.lab.objective_functions import (
    Function,
    build_grid_table,
    build_path_table,
    descend,
)

CENTRES = np.array([[-1.2, -0.3], [1.2, 0.3]])
DEPTHS = np.array([1.0, 0.7])
WIDTH = 0.8
X_RANGE, Y_RANGE = (-3.5, 3.5), (-2.5, 2.5)
LINES, STEPS, NEWTON_STEPS = 41, 150, 50
NEAR = 0.2  # largest distance between a minimum and the end of a path that has reached it
RATE = 0.1
STARTS = {"slope": (-1.8, 1.3), "next to the saddle": (0.35, -1.3), "plateau": (2.9, 2.2)}


def _compute_depths(point: Float) -> Float:
    """Return the value of each well at a point, (..., wells)."""
    square = ((point[..., None, :] - CENTRES) ** 2).sum(axis=-1)
    return np.asarray(-DEPTHS * np.exp(-square / (2.0 * WIDTH**2)))


def _compute_gradient(point: Float) -> Float:
    away = (point[..., None, :] - CENTRES) / WIDTH**2
    return np.asarray(-(_compute_depths(point)[..., None] * away).sum(axis=-2))


TWO_WELLS = Function(
    "two wells", lambda point: np.asarray(_compute_depths(point).sum(axis=-1)), _compute_gradient
)


def build_tables() -> dict[str, pd.DataFrame]:
    """Return the tables of the experiment.

    - `surface`: `x, y, value`.
    - `places`: `kind, x, y, value, slope, curvature_low, curvature_high` of the two minima, the
      saddle point and the start on the plateau.
    - `paths`: `start, name, step, x, y, value` from three starts.
    - `outcomes`: a row per path, with its end.
    """
    points = _build_points()
    paths = pd.concat(
        build_path_table(TWO_WELLS, descend(TWO_WELLS, point, rule, STEPS), start=start, name=name)
        for start, point in STARTS.items()
        for name, rule in _list_rules()
    )
    return {
        "surface": build_grid_table(TWO_WELLS, X_RANGE, Y_RANGE, LINES),
        "places": points,
        "paths": paths,
        "outcomes": _build_outcomes(paths, points),
    }


def _list_rules() -> list[tuple[str, UpdateRule]]:
    return [
        ("vanilla", GradientDescent(RATE)),
        ("momentum", Momentum(RATE)),
        ("RMSprop", RMSprop(RATE / 2)),
        ("Adam", Adam(RATE)),
    ]


def _build_points() -> pd.DataFrame:
    """Return the stationary points, classified by their curvatures, and the plateau's start."""
    guesses = [*CENTRES, CENTRES.mean(axis=0)]
    points = [_find_stationary_point(np.asarray(guess)) for guess in guesses]
    points.append(np.array(STARTS["plateau"]))
    records = []
    for point in points:
        slope = float(np.linalg.norm(_compute_gradient(point)))
        low, high = np.linalg.eigvalsh(_compute_hessian(point))
        flat = slope > 1e-9
        kind = "plateau" if flat else "minimum" if low > 0 else "saddle"
        records.append(
            {
                "kind": kind,
                "x": point[0],
                "y": point[1],
                "value": float(TWO_WELLS.value(point)),
                "slope": slope,
                "curvature_low": low,
                "curvature_high": high,
            }
        )
    return pd.DataFrame(records)


def _compute_hessian(point: Float) -> Float:
    """Return the second derivatives, by central differences of the gradient."""

    def slope(at: int, point: Float) -> float:
        return float(_compute_gradient(point)[at])

    matrix: Float = np.array([central_differences(partial(slope, at), point) for at in (0, 1)])
    return np.asarray((matrix + matrix.T) / 2.0)


def _find_stationary_point(point: Float) -> Float:
    """Return a point with zero gradient, by Newton's method from a point nearby."""
    for _ in range(NEWTON_STEPS):
        point = point - np.linalg.solve(_compute_hessian(point), _compute_gradient(point))
    return point


def _build_outcomes(paths: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    minima = points[points["kind"] == "minimum"].sort_values("value")
    records = []
    for (start, name), rows in paths.groupby(["start", "name"], sort=False):
        end = rows[["x", "y"]].to_numpy()[-1]
        distance = np.linalg.norm(minima[["x", "y"]].to_numpy() - end, axis=1)
        reached = ("deeper minimum", "shallower minimum")[int(distance.argmin())]
        records.append(
            {
                "start": start,
                "name": name,
                "x": end[0],
                "y": end[1],
                "value": rows["value"].iloc[-1],
                "moved": float(np.linalg.norm(end - rows[["x", "y"]].to_numpy()[0])),
                "reached": reached if distance.min() < NEAR else "no minimum",
            }
        )
    return pd.DataFrame(records)
