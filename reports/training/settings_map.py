"""Judges a map of learning rate and batch size: best cell, equally good cells, best rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

LEVEL = 0.05  # of the tests against the best cell, all together (Holm 1979)
CELL = ["learning_rate", "batch_size"]
FEWEST_FOR_A_RIDGE = 3  # batch sizes whose best rate lies inside the map


@dataclass(frozen=True)
class Judgement:
    """The judged cells, the best one, and how the best rate scales with the batch size.

    Attributes
    ----------
    cells : DataFrame
        `learning_rate, batch_size, mean, spread, later, p_value, equal, ratio_together,
        ms_per_epoch`: mean and standard deviation over the networks of their ratio to HAR on all
        rows not trained on, `later` the mean on the later ones only; `equal` if the mean is not
        distinguishable from the best one.
    best : Series
        The row of the cell with the lowest mean.
    ridge : DataFrame
        `batch_size, learning_rate, inside`: the best rate of each batch size, between the rates
        of the map by a parabola; not `inside` where it lies at an end.
    slope, slope_error : float
        Of the log of that rate by the log of the batch size, over those inside: 1 is the linear
        scaling rule (Goyal et al. 2017), 0.5 the square root's; NaN with too few.
    """

    cells: pd.DataFrame
    best: pd.Series
    ridge: pd.DataFrame
    slope: float
    slope_error: float


def judge(seeds: pd.DataFrame, together: pd.DataFrame) -> Judgement:
    """Judge the tables of `volcast.models.diagnose.settings_map.SettingsMap`.

    A network's score is the mean of its ratios to HAR on the rows that stopped its training and
    on those after: choosing by both did better in the years that followed than choosing by one.
    A cell counts as equal to the best unless its mean lies more than a seed's standard deviation
    above and Welch's t test of their networks' ratios rejects, at 5 % for all cells together
    (Holm): the best of many has been lucky, which makes the others look worse. Networks of a cell
    differ by their seed only, so the test covers other seeds, not other periods.
    """
    scored = seeds.assign(score=(seeds["held_out"] + seeds["ratio"]) / 2)
    found = scored.groupby(CELL)["score"]
    cells = found.agg(mean="mean", spread="std").reset_index()
    cells["later"] = scored.groupby(CELL)["ratio"].mean().to_numpy()
    best_at = int(np.argmin(cells["mean"].to_numpy()))
    groups = {key: values.to_numpy(np.float64) for key, values in found}
    reference = groups[tuple(cells[CELL].to_numpy()[best_at])]
    cells["p_value"] = [_p_value(groups[tuple(row)], reference) for row in cells[CELL].to_numpy()]
    near = cells["mean"] <= cells["mean"].iloc[best_at] + cells["spread"].iloc[best_at]
    cells["equal"] = near | ~_rejected(cells["p_value"].to_numpy(np.float64), best_at)
    cells = cells.merge(together, on=CELL)
    sizes = np.unique(cells["batch_size"].to_numpy())
    ridge = pd.DataFrame([_ridge_point(size, cells[cells["batch_size"] == size]) for size in sizes])
    return Judgement(cells, cells.iloc[best_at], ridge, *_slope(ridge))


def _p_value(ratios: np.ndarray, best: np.ndarray) -> float:
    if np.array_equal(ratios, best) or min(len(ratios), len(best)) < 2:
        return 1.0
    if not (np.ptp(ratios) or np.ptp(best)):
        return 0.0
    return float(stats.ttest_ind(ratios, best, equal_var=False).pvalue)


def _rejected(p_values: np.ndarray, best_at: int) -> np.ndarray:
    """Return which p-values Holm's procedure rejects, the best cell's own apart."""
    others = np.delete(np.arange(len(p_values)), best_at)
    order = others[np.argsort(p_values[others])]
    limits = LEVEL / np.arange(len(order), 0, -1)
    passed = np.logical_and.accumulate(p_values[order] <= limits)
    rejected = np.zeros(len(p_values), dtype=bool)
    rejected[order[passed]] = True
    return rejected


def _ridge_point(size: int, part: pd.DataFrame) -> dict[str, float | bool]:
    ordered = part.sort_values("learning_rate")
    log_rate = np.log(ordered["learning_rate"].to_numpy(np.float64))
    mean = ordered["mean"].to_numpy(np.float64)
    at = int(np.argmin(mean))
    inside = 0 < at < len(mean) - 1
    place = log_rate[at]
    if inside:
        square, linear, _ = np.polyfit(log_rate[at - 1 : at + 2] - place, mean[at - 1 : at + 2], 2)
        place -= linear / (2 * square) if square > 0 else 0.0
    return {"batch_size": size, "learning_rate": float(np.exp(place)), "inside": inside}


def _slope(ridge: pd.DataFrame) -> tuple[float, float]:
    known = ridge[ridge["inside"]]
    if len(known) < FEWEST_FOR_A_RIDGE:
        return float("nan"), float("nan")
    line = stats.linregress(np.log(known["batch_size"]), np.log(known["learning_rate"]))
    return float(line.slope), float(line.stderr)
