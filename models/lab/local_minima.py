"""A surface that is not convex: two minima, the saddle between them, and a plateau around."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.gradient_check import central_differences
from volcast.models.backprop.optimizers import Adam, GradientDescent, Momentum, RMSprop, UpdateRule
from volcast.models.lab.objective_functions import Function, grid_table, path, path_table

CENTRES = np.array([[-1.2, -0.3], [1.2, 0.3]])
DEPTHS = np.array([1.0, 0.7])
WIDTH = 0.8
X_RANGE, Y_RANGE = (-3.5, 3.5), (-2.5, 2.5)
LINES, STEPS, NEWTON_STEPS = 41, 150, 50
NEAR = 0.2  # of a minimum: the path has ended there
RATE = 0.1
STARTS = {"slope": (-1.8, 1.3), "beside the saddle": (0.35, -1.3), "plateau": (2.9, 2.2)}


def _wells(point: Float) -> Float:
    """Return the depth that each well adds at a point, (..., wells)."""
    square = ((point[..., None, :] - CENTRES) ** 2).sum(axis=-1)
    return np.asarray(-DEPTHS * np.exp(-square / (2.0 * WIDTH**2)))


def _gradient(point: Float) -> Float:
    away = (point[..., None, :] - CENTRES) / WIDTH**2
    return np.asarray(-(_wells(point)[..., None] * away).sum(axis=-2))


TWO_WELLS = Function("two wells", lambda point: np.asarray(_wells(point).sum(axis=-1)), _gradient)


def build_tables() -> dict[str, pd.DataFrame]:
    """Return the surface, its places, and the paths from three starts.

    `surface` has rows `x, y, value`; `places` (two minima, a saddle, the plateau's start) `kind, x,
    y, value, slope, curvature_low, curvature_high`; `paths` rows `start, name, step, x, y, value`;
    `outcomes` a row a path: where it ended.
    """
    places = _places()
    paths = pd.concat(
        path_table(TWO_WELLS, path(TWO_WELLS, point, rule, STEPS), start=start, name=name)
        for start, point in STARTS.items()
        for name, rule in _rules()
    )
    return {
        "surface": grid_table(TWO_WELLS, X_RANGE, Y_RANGE, LINES),
        "places": places,
        "paths": paths,
        "outcomes": _outcomes(paths, places),
    }


def _rules() -> list[tuple[str, UpdateRule]]:
    return [
        ("vanilla", GradientDescent(RATE)),
        ("momentum", Momentum(RATE)),
        ("RMSprop", RMSprop(RATE / 2)),
        ("Adam", Adam(RATE)),
    ]


def _places() -> pd.DataFrame:
    """Return the stationary points, named by their curvatures, and where the plateau starts."""
    guesses = [*CENTRES, CENTRES.mean(axis=0)]
    points = [_stationary(np.asarray(guess)) for guess in guesses]
    points.append(np.array(STARTS["plateau"]))
    records = []
    for point in points:
        slope = float(np.linalg.norm(_gradient(point)))
        low, high = np.linalg.eigvalsh(_hessian(point))
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


def _hessian(point: Float) -> Float:
    """Return the second derivatives, by differences of the gradient."""

    def slope(at: int, point: Float) -> float:
        return float(_gradient(point)[at])

    matrix: Float = np.array([central_differences(partial(slope, at), point) for at in (0, 1)])
    return np.asarray((matrix + matrix.T) / 2.0)


def _stationary(point: Float) -> Float:
    """Return where the gradient is zero, by Newton's method from a point near by."""
    for _ in range(NEWTON_STEPS):
        point = point - np.linalg.solve(_hessian(point), _gradient(point))
    return point


def _outcomes(paths: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    minima = places[places["kind"] == "minimum"].sort_values("value")
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
