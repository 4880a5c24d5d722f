"""The numbers of a training curve: what it gained, lost again, and how noisy it is.

Every number is relative: to the loss of the untrained network (epoch 0, its HAR start) or to the
noise of the curve, so that it does not depend on the loss or on its unit. Levels are medians of
neighbouring epochs, because the minimum of a noisy curve lies below its level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LEVEL_EPOCHS = 3  # epochs whose median is the level of a curve
FEW_STEPS = 5  # a scale from n differences is enlarged by (n + 5) / n, for it is itself uncertain
RECENT_SHARE = 0.2  # of the epochs, over which "still improving" is judged


@dataclass(frozen=True)
class Curve:
    """The numbers of one curve; losses in shares of the HAR start (0.05 is 5 % of it).

    `gain` is the fall of the validation loss from the start to its lowest level, `rise` its rise
    from there to the end, `end` its end below (negative) or above the start; `train_change` is the
    end of the train loss against its start, `train_late` its fall since the best epoch,
    `recent_fall` the fall of the validation loss over the last epochs. `spread` is how far the
    last corrections of different rows lie apart, in shares of the largest of them; NaN where the
    network corrects nothing, or where it was not recorded.
    """

    finite: float
    epochs: float
    best_epoch: float
    gain: float
    rise: float
    end: float
    noise: float
    train_change: float
    train_noise: float
    train_late: float
    recent_fall: float
    spread: float


def summarise_curve(member: pd.DataFrame) -> Curve:
    """Return the numbers of one member's curve, epochs ascending."""
    ordered = member.sort_values("epoch")
    epoch = ordered["epoch"].to_numpy(np.float64)
    train, val = (ordered[name].to_numpy(np.float64) for name in ("train_loss", "val_loss"))
    if not (np.isfinite(train).all() and np.isfinite(val).all()):
        return Curve(0.0, epoch[-1], 0.0, *[np.nan] * 9)
    train, val = _relative(train), _relative(val)
    best, lowest = int(np.argmin(val)), float(_levels(val).min())
    end = float(np.median(val[1:][-LEVEL_EPOCHS:])) if len(val) > 1 else 0.0
    train_end = float(np.median(train[1:][-LEVEL_EPOCHS:])) if len(train) > 1 else 0.0
    return Curve(
        finite=1.0,
        epochs=epoch[-1],
        best_epoch=epoch[best],
        gain=max(0.0, -lowest),
        rise=end - lowest,
        end=end,
        noise=_noise(val),
        train_change=train_end,
        train_noise=_noise(train),
        train_late=float(np.median(train[max(0, best - 1) : best + 2])) - train_end,
        recent_fall=_recent_fall(val),
        spread=_spread(ordered),
    )


def _spread(member: pd.DataFrame) -> float:
    """Return the range of the last corrections in shares of their size."""
    if not {"correction_range", "correction_size"} <= set(member.columns):
        return float("nan")
    size, span = (float(member[f"correction_{name}"].iloc[-1]) for name in ("size", "range"))
    return span / size if size > 0 else float("nan")


def _relative(loss: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the change of a loss since epoch 0 in shares of its size there."""
    scale = abs(float(loss[0])) or float(np.max(np.abs(loss))) or 1.0
    return np.asarray((loss - loss[0]) / scale, dtype=np.float64)


def _levels(loss: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running medians of a curve, or the curve itself where it is too short."""
    if len(loss) < LEVEL_EPOCHS:
        return loss
    windows = np.lib.stride_tricks.sliding_window_view(loss, LEVEL_EPOCHS)
    return np.asarray(np.median(windows, axis=1), dtype=np.float64)


def _recent_fall(loss: NDArray[np.float64]) -> float:
    """Return the fall of the median from the last epochs but a window to the last window."""
    window = recent_epochs(len(loss))
    before = loss[-2 * window : -window]
    return float(np.median(before) - np.median(loss[-window:])) if len(before) else 0.0


def recent_epochs(epochs: float) -> int:
    """Return how many of the last epochs say whether a curve still falls."""
    return max(LEVEL_EPOCHS, int(RECENT_SHARE * epochs))


def _noise(loss: NDArray[np.float64]) -> float:
    """Return the robust scale of a curve's noise from its epoch-to-epoch differences.

    1.4826 times their median absolute deviation, over sqrt(2) because a difference holds the noise
    of two epochs; a steady trend shifts all differences alike and drops out.
    """
    steps = np.diff(loss)
    if len(steps) < 2:
        return 0.0
    deviation = np.median(np.abs(steps - np.median(steps)))
    caution = (len(steps) + FEW_STEPS) / len(steps)
    return float(caution * 1.4826 * deviation / np.sqrt(2))


def median_curve(curves: list[Curve]) -> Curve:
    """Return the median of each number over members; one member that is not finite spoils all."""
    table = np.array([list(vars(curve).values()) for curve in curves], dtype=np.float64)
    if not table[:, 0].all():
        return Curve(float(table[:, 0].mean()), float(np.median(table[:, 1])), 0.0, *[np.nan] * 9)
    spread = table[:, -1][np.isfinite(table[:, -1])]
    table[:, -1] = np.median(spread) if len(spread) else np.nan
    middle = Curve(*(float(value) for value in np.median(table, axis=0)))
    return replace(middle, best_epoch=float(np.floor(middle.best_epoch)))
