"""Two dimensions: bowls of growing steepness, descended at several rates and by several rules."""

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
from volcast.models.lab.objective_functions import build_quadratic, grid_table, path, path_table

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
    """Return surfaces, paths and outcomes.

    `surfaces` has rows `steepness, x, y, value`; `paths` rows `steepness, family, name, rate, step,
    x, y, value`, where the family is "rate" (vanilla at several rates) or "rule" (several rules at
    one rate); `outcomes` a row a path: the steps to a thousandth of the first value, the end;
    `momenta` one row: how far apart the two conventions' paths are, at most.
    """
    surfaces, paths = [], []
    for steepness in STEEPNESS:
        function = build_quadratic(steepness)
        surface = grid_table(function, X_RANGE, Y_RANGE, LINES)
        surfaces.append(surface.assign(steepness=steepness, name=function.name))
        for family, name, rule in _rules(steepness):
            points = path(function, START, rule, STEPS)
            drawn = path_table(function, points, steepness=steepness, family=family, name=name)
            paths.append(drawn.assign(rate=rule.rate))
    table = pd.concat(paths, ignore_index=True)
    return {
        "surfaces": pd.concat(surfaces, ignore_index=True),
        "paths": table,
        "outcomes": _outcomes(table),
        "momenta": _momenta(table),
    }


def largest_rate(steepness: float) -> float:
    """Return the rate at which vanilla descent stops converging: 2 over the largest curvature."""
    return 2.0 / (2.0 * max(1.0, steepness))


def _rules(steepness: float) -> list[tuple[str, str, UpdateRule]]:
    """Return family, name and rule of each path; both momenta take the same steps."""
    limit = largest_rate(steepness)
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


def _outcomes(paths: pd.DataFrame) -> pd.DataFrame:
    records = []
    columns = ["steepness", "family", "name", "rate"]
    for key, rows in paths.groupby(columns, sort=False):
        values = rows["value"].to_numpy()
        # The last step above the line: momentum may pass it and come back.
        last = int(np.flatnonzero(values > ARRIVED * values[0])[-1])
        steps = last + 1 if last < len(values) - 1 else None
        records.append({**dict(zip(columns, key, strict=True)), "steps": steps, "end": values[-1]})
    return pd.DataFrame(records)


def _momenta(paths: pd.DataFrame) -> pd.DataFrame:
    """Return the momentum, the ratio of the conventions' rates, and their largest distance."""
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
