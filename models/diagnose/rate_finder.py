"""The learning-rate finder: one sweep over rates, from far too small to far too large.

After Smith (2017, "Cyclical Learning Rates", section 3.3): the rate grows by the same factor each
step, and the loss says where learning begins, where it is fastest and where it breaks. Losses of
small batches are noisy, so each is compared with the untrained network's on the very same rows,
and many members meet the rows in different orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.models.diagnose.training_problem import TrainingProblem
from volcast.models.engine.losses import build_row_loss
from volcast.models.engine.rate_sweep import sweep_learning_rates

Float = NDArray[np.float64]

LOWEST_RATE, HIGHEST_RATE = 1e-7, 10.0
STEPS_A_DECADE = 60  # eight decades are 480 steps
MEMBERS = 16
SMOOTHED_DECADES = 0.25  # width of the kernel, to each side
DIVERGED_GAIN = 0.25  # of the best gain: where less than that is left, the rate is too high
SAFETY = 3.0  # times below the rate that breaks training


@dataclass(frozen=True)
class RateSweep:
    """What the finder found.

    Attributes
    ----------
    curve : DataFrame
        `rate, change, low, high`: the smoothed loss less the untrained one, as a share of it; the
        median of the members and their quartiles.
    members : DataFrame
        `member, steepest, diverging, suggested`, rates; `diverging` is NaN where it never broke.
    """

    curve: pd.DataFrame
    members: pd.DataFrame


def find_rate(problem: TrainingProblem, *, members: int = MEMBERS) -> RateSweep:
    """Sweep the learning rate of the configured network.

    Every member has its own seed and order of rows. The suggestion of a member is the rate of its
    steepest descent, and at most a third of the rate at which it breaks.
    """
    regressor = problem.configure(members=members, schedule="constant", bootstrap=False)
    decades = np.log10(HIGHEST_RATE / LOWEST_RATE)
    rates = np.geomspace(LOWEST_RATE, HIGHEST_RATE, round(decades * STEPS_A_DECADE))
    team = problem.build_members(regressor)
    losses, orders = sweep_learning_rates(problem.rows, team, problem.build_plan(regressor), rates)
    batch = team[0].batch_shape[0]
    untrained = _untrained_losses(problem, regressor.loss)
    start = np.stack(
        [_average_by_step(untrained[order], batch, len(team[0].training)) for order in orders]
    )
    scale = untrained[problem.training].mean()
    change = smooth_curves((losses.T - start) / scale, np.log10(rates))
    return RateSweep(_curve(rates, change), _suggestions(rates, change))


def smooth_curves(change: Float, log_rate: Float) -> Float:
    """Return curves (members, steps) smoothed by a Gaussian kernel over the log of the rate.

    Losses that are no numbers, and all after them, are infinite.
    """
    lost = np.logical_or.accumulate(~np.isfinite(change), axis=1)
    known = np.where(lost, 0.0, np.clip(change, -1e3, 1e3))
    distance = (log_rate[:, None] - log_rate[None, :]) / (SMOOTHED_DECADES / 2)
    kernel = np.exp(-0.5 * distance**2)
    weight = np.where(lost, 0.0, 1.0) @ kernel
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(lost, np.inf, (known @ kernel) / weight)


def _untrained_losses(problem: TrainingProblem, loss: object) -> Float:
    """Return the loss of each row (n,) where the correction is zero."""
    of_rows = build_row_loss(loss)  # type: ignore[arg-type]
    return np.asarray(of_rows(problem.rows.target, problem.rows.anchor), dtype=np.float64)


def _average_by_step(values: Float, batch: int, epoch: int) -> Float:
    """Return the mean of each step's rows; an epoch's last batch may be the shorter one."""
    place = np.arange(len(values))
    per_epoch = -(-epoch // batch)
    step = (place // epoch) * per_epoch + (place % epoch) // batch
    return np.asarray(np.bincount(step, values) / np.bincount(step))


def _curve(rates: Float, change: Float) -> pd.DataFrame:
    low, middle, high = np.quantile(change, [0.25, 0.5, 0.75], axis=0, method="nearest")
    return pd.DataFrame({"rate": rates, "change": middle, "low": low, "high": high})


def _suggestions(rates: Float, change: Float) -> pd.DataFrame:
    rows = []
    for member, curve in enumerate(change):
        steepest, diverging = _find_marks(rates, curve)
        limit = np.inf if np.isnan(diverging) else diverging / SAFETY
        rows.append((member, steepest, diverging, min(steepest, limit)))
    return pd.DataFrame(rows, columns=["member", "steepest", "diverging", "suggested"])


def _find_marks(rates: Float, curve: Float) -> tuple[float, float]:
    """Return the rate of the steepest descent before the minimum, and that at which it breaks."""
    bottom = int(np.argmin(curve))
    after = curve[bottom:]
    broken = np.flatnonzero(after > DIVERGED_GAIN * min(curve[bottom], 0.0))
    diverging = float(rates[bottom + broken[0]]) if len(broken) else float("nan")
    if bottom < 2:
        return float(rates[bottom]), diverging
    slope = np.gradient(curve[: bottom + 1], np.log(rates[: bottom + 1]))
    return float(rates[int(np.argmin(slope))]), diverging
