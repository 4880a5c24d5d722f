"""Gradient descent in one dimension: f(x) = x² from several starts at several learning rates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.models.backprop.optimizers import GradientDescent
from volcast.models.lab.objective_functions import PARABOLA, build_path_table, descend

STARTS = (5.0, 10.0)
RATES = (0.01, 0.1, 0.5, 1.1)
STEPS = 50
SHOWN = (1, 2, 10, STEPS)
ARRIVED = 0.01  # of the distance from the start to the minimum


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `paths` (start, rate, step, x, value) and `outcomes`, a row per start and rate."""
    paths = pd.concat(
        build_path_table(
            PARABOLA,
            descend(PARABOLA, [start], GradientDescent(rate), STEPS),
            start=start,
            rate=rate,
        )
        for start in STARTS
        for rate in RATES
    )
    return {"paths": paths, "outcomes": _build_outcomes(paths)}


def _build_outcomes(paths: pd.DataFrame) -> pd.DataFrame:
    """Return the outcome of each path; each step multiplies x by `factor` = 1 - 2 rate."""
    records = []
    for start in STARTS:
        for rate in RATES:
            rows = paths[(paths["start"] == start) & (paths["rate"] == rate)]
            x = rows["x"].to_numpy()
            close = np.abs(x) <= ARRIVED * start
            diverged = abs(x[-1]) > start
            records.append(
                {
                    "start": start,
                    "rate": rate,
                    "factor": 1.0 - 2.0 * rate,
                    **{f"x_{step}": x[step] for step in SHOWN},
                    "value": rows["value"].iloc[-1],
                    "steps": int(close.argmax()) if close.any() else None,
                    "verdict": "diverged" if diverged else "converged" if close[-1] else "slow",
                }
            )
    return pd.DataFrame(records)
