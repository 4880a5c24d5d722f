"""One dimension: f(x) = x² from several starts at several learning rates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop.optimizers import GradientDescent
from volcast.models.lab.objective_functions import PARABOLA, path, path_table

STARTS = (5.0, 10.0)
RATES = (0.01, 0.1, 0.5, 1.1)
STEPS = 50
SHOWN = (1, 2, 10, STEPS)
ARRIVED = 0.01  # of the distance from the start to the minimum


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `paths` (start, rate, step, x, value) and `outcomes`, a row a start and rate."""
    paths = pd.concat(
        path_table(
            PARABOLA, path(PARABOLA, [start], GradientDescent(rate), STEPS), start=start, rate=rate
        )
        for start in STARTS
        for rate in RATES
    )
    return {"paths": paths, "outcomes": _outcomes(paths)}


def _outcomes(paths: pd.DataFrame) -> pd.DataFrame:
    """Return what became of each path; each step multiplies x by `factor` = 1 - 2 rate."""
    records = []
    for start in STARTS:
        for rate in RATES:
            rows = paths[(paths["start"] == start) & (paths["rate"] == rate)]
            x = rows["x"].to_numpy()
            near = np.abs(x) <= ARRIVED * start
            left = abs(x[-1]) > start
            records.append(
                {
                    "start": start,
                    "rate": rate,
                    "factor": 1.0 - 2.0 * rate,
                    **{f"x_{step}": x[step] for step in SHOWN},
                    "value": rows["value"].iloc[-1],
                    "steps": int(near.argmax()) if near.any() else None,
                    "verdict": "diverged" if left else "converged" if near[-1] else "slow",
                }
            )
    return pd.DataFrame(records)
