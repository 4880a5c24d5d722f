"""Quadratic losses of growing steepness, minimised at several rates and by several rules."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop.optimizers import (
    AveragedMomentum,
    GradientDescent,
    Momentum,
    Nesterov,
    UpdateRule,
)
from volcast.models.lab.objective_functions import (
    build_grid_table,
    build_path_table,
    build_quadratic,
    descend,
)

STEEPNESS = (2.0, 10.0, 100.0)
START = (-4.0, 1.0)
X_RANGE, Y_RANGE = (-5.0, 5.0), (-1.5, 1.5)
STEPS, LINES = 150, 25
MOMENTUM = 0.8
SHARES = (0.1, 0.5, 0.95)  # of the rate beyond which the steep direction diverges
SHARE_OF_RULES = 0.3
CLASSICAL, AVERAGED = "classical momentum", "averaged momentum"
ARRIVED = 0.001  # of the value at the start


def build_tables() -> dict[str, pd.DataFrame]:
    """Return the tables of the experiment.

    - `surfaces`: `steepness, x, y, value`.
    - `paths`: `steepness, family, name, rate, step, x, y, value`, where the family is "rate"
      (gradient descent at several rates) or "rule" (several rules at one rate).
    - `outcomes`: a row per path, with the steps to a thousandth of the first value, and the end.
    - `momenta`: one row, with the largest distance between the paths of both conventions.
    """
    surfaces, paths = [], []
    for steepness in STEEPNESS:
        function = build_quadratic(steepness)
        surface = build_grid_table(function, X_RANGE, Y_RANGE, LINES)
        surfaces.append(surface.assign(steepness=steepness, name=function.name))
        for family, name, rule in _list_rules(steepness):
            points = descend(function, START, rule, STEPS)
            drawn = build_path_table(
                function, points, steepness=steepness, family=family, name=name
            )
            paths.append(drawn.assign(rate=rule.rate))
    table = pd.concat(paths, ignore_index=True)
    return {
        "surfaces": pd.concat(surfaces, ignore_index=True),
        "paths": table,
        "outcomes": _build_outcomes(table),
        "momenta": _compare_momenta(table),
    }


def compute_largest_rate(steepness: float) -> float:
    """Return the rate above which gradient descent diverges: 2 over the largest curvature."""
    return 2.0 / (2.0 * max(1.0, steepness))


def _list_rules(steepness: float) -> list[tuple[str, str, UpdateRule]]:
    """Return family, name and rule of each path; both conventions of momentum take equal steps."""
    limit = compute_largest_rate(steepness)
    rate = SHARE_OF_RULES * limit
    by_rate = [
        ("rate", f"{share:.0%} of the limit", GradientDescent(share * limit)) for share in SHARES
    ]
    return [
        *by_rate,
        ("rule", "vanilla", GradientDescent(rate)),
        ("rule", CLASSICAL, Momentum(rate, MOMENTUM)),
        ("rule", AVERAGED, AveragedMomentum(rate / (1.0 - MOMENTUM), MOMENTUM)),
        ("rule", "Nesterov", Nesterov(rate, MOMENTUM)),
    ]


def _build_outcomes(paths: pd.DataFrame) -> pd.DataFrame:
    records = []
    columns = ["steepness", "family", "name", "rate"]
    for key, rows in paths.groupby(columns, sort=False):
        values = rows["value"].to_numpy()
        # The last step above the threshold, since momentum may cross it and return.
        last = int(np.flatnonzero(values > ARRIVED * values[0])[-1])
        steps = last + 1 if last < len(values) - 1 else None
        records.append({**dict(zip(columns, key, strict=True)), "steps": steps, "end": values[-1]})
    return pd.DataFrame(records)


def _compare_momenta(paths: pd.DataFrame) -> pd.DataFrame:
    """Return the momentum, the ratio of both conventions' rates, and their largest distance."""
    one, other = (paths[paths["name"] == name] for name in (CLASSICAL, AVERAGED))
    apart = one[["x", "y"]].to_numpy() - other[["x", "y"]].to_numpy()
    return pd.DataFrame(
        {
            "momentum": [MOMENTUM],
            "ratio_of_rates": [1.0 / (1.0 - MOMENTUM)],
            "largest_distance": [float(np.linalg.norm(apart, axis=1).max())],
            "steps": [STEPS],
            "arrived_share": [ARRIVED],
        }
    )
