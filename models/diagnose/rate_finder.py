"""The learning-rate finder: one sweep over rates, from far too low to far too high.

After Smith (2017, "Cyclical Learning Rates", section 3.3): the rate grows by the same factor each
step, and the loss shows where learning starts, where it is fastest and where it diverges. Losses of
small batches are noisy, so each is compared with the untrained network's loss on the same rows, and
many members see the rows in different orders.
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
STEPS_PER_DECADE = 60  # 480 steps for eight decades
MEMBERS = 16
SMOOTHED_DECADES = 0.25  # width of the kernel, to each side
DIVERGED_GAIN = 0.25  # of the best gain; with less than that left the training has diverged
SAFETY = 3.0  # factor below the diverging rate


@dataclass(frozen=True)
class RateSweep:
    """The results of the learning-rate finder.

    Attributes
    ----------
    curve
        `rate, change, low, high`: the change of the smoothed loss relative to the untrained one, as
        a share of it; the median of the members and their quartiles.
    members
        `member, steepest, diverging, suggested`, learning rates; `diverging` is NaN for a member
        that did not diverge.
    """

    curve: pd.DataFrame
    members: pd.DataFrame


def find_rate(problem: TrainingProblem, *, members: int = MEMBERS) -> RateSweep:
    """Sweep the learning rate of the configured network.

    Every member has its own seed and order of rows. A member's suggested rate is that of its
    steepest descent, but at most a third of the rate at which it diverges.
    """
    regressor = problem.configure(members=members, schedule="constant", bootstrap=False)
    decades = np.log10(HIGHEST_RATE / LOWEST_RATE)
    rates = np.geomspace(LOWEST_RATE, HIGHEST_RATE, round(decades * STEPS_PER_DECADE))
    networks = problem.build_members(regressor)
    losses, orders = sweep_learning_rates(
        problem.rows, networks, problem.build_plan(regressor), rates
    )
    batch = networks[0].batch_shape[0]
    untrained = _compute_untrained_losses(problem, regressor.loss)
    start = np.stack(
        [_average_by_step(untrained[order], batch, len(networks[0].training)) for order in orders]
    )
    scale = untrained[problem.training].mean()
    change = smooth_curves((losses.T - start) / scale, np.log10(rates))
    return RateSweep(_build_curve(rates, change), _suggest_rates(rates, change))


def smooth_curves(change: Float, log_rate: Float) -> Float:
    """Return curves (members, steps) smoothed by a Gaussian kernel over the log of the rate.

    A loss that is infinite or NaN, and all losses after it, become infinite.
    """
    lost = np.logical_or.accumulate(~np.isfinite(change), axis=1)
    known = np.where(lost, 0.0, np.clip(change, -1e3, 1e3))
    distance = (log_rate[:, None] - log_rate[None, :]) / (SMOOTHED_DECADES / 2)
    kernel = np.exp(-0.5 * distance**2)
    weight = np.where(lost, 0.0, 1.0) @ kernel
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(lost, np.inf, (known @ kernel) / weight)


def _compute_untrained_losses(problem: TrainingProblem, loss: object) -> Float:
    """Return the loss of each row without a correction, (n,)."""
    compute_loss = build_row_loss(loss)  # type: ignore[arg-type]
    return np.asarray(compute_loss(problem.rows.target, problem.rows.anchor), dtype=np.float64)


def _average_by_step(values: Float, batch: int, epoch: int) -> Float:
    """Return the mean of each step's rows; the last batch of an epoch may be shorter."""
    position = np.arange(len(values))
    per_epoch = -(-epoch // batch)
    step = (position // epoch) * per_epoch + (position % epoch) // batch
    return np.asarray(np.bincount(step, values) / np.bincount(step))


def _build_curve(rates: Float, change: Float) -> pd.DataFrame:
    low, middle, high = np.quantile(change, [0.25, 0.5, 0.75], axis=0, method="nearest")
    return pd.DataFrame({"rate": rates, "change": middle, "low": low, "high": high})


def _suggest_rates(rates: Float, change: Float) -> pd.DataFrame:
    rows = []
    for member, curve in enumerate(change):
        steepest, diverging = _find_marks(rates, curve)
        limit = np.inf if np.isnan(diverging) else diverging / SAFETY
        rows.append((member, steepest, diverging, min(steepest, limit)))
    return pd.DataFrame(rows, columns=["member", "steepest", "diverging", "suggested"])


def _find_marks(rates: Float, curve: Float) -> tuple[float, float]:
    """Return the rate of the steepest descent before the minimum, and that of divergence."""
    bottom = int(np.argmin(curve))
    after = curve[bottom:]
    diverged = np.flatnonzero(after > DIVERGED_GAIN * min(curve[bottom], 0.0))
    diverging = float(rates[bottom + diverged[0]]) if len(diverged) else float("nan")
    if bottom < 2:
        return float(rates[bottom]), diverging
    slope = np.gradient(curve[: bottom + 1], np.log(rates[: bottom + 1]))
    return float(rates[int(np.argmin(slope))]), diverging
