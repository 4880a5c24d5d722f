"""Verdicts on training curves: what happened in each fold, by which numbers, and what to do.

Every threshold is relative: to the loss of the untrained network (epoch 0, its HAR start) and to
the noise of the curve, so that a verdict does not depend on the loss or on its unit. Levels are
medians of neighbouring epochs, because the minimum of a noisy curve lies below its level.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LEVEL_EPOCHS = 3  # epochs whose median is the level of a curve
MUCH_NOISE = 4.0  # this many noise scales do not happen by chance
SOME_NOISE = 2.0
FEW_STEPS = 5  # a scale from n differences is enlarged by (n + 5) / n, for it is itself uncertain
SIZABLE_SHARE = 0.5  # of the gain over HAR, lost again after the best epoch
STILL_SHARE = 0.05  # of the gain over HAR, won over the last epochs
VISIBLE_SHARE = 0.005  # of the HAR start: smaller changes are no finding
DIVERGED_SHARE = 0.1  # of the HAR start by which the train loss rose
ROUGH_SHARE = 0.05  # of the HAR start: noise above it makes the best epoch a matter of luck
RECENT_SHARE = 0.2  # of the epochs, over which "still improving" is judged
LEARNT_SHARE = 0.01  # of the HAR start by which the train loss must fall to call it learning

DIVERGING = "diverging"
OSCILLATING = "oscillating"
UNDERFITTING = "underfitting"
OVERFITTING = "overfitting"
STILL_IMPROVING = "still improving at the cap"
CONVERGED = "converged"
WORSE_THAN_START = "worse than HAR start"


@dataclass(frozen=True)
class Curve:
    """The numbers of one curve; losses in shares of the HAR start (0.05 is 5 % of it).

    `gain` is the fall of the validation loss from the start to its lowest level, `rise` its rise
    from there to the end, `end` its end below (negative) or above the start; `train_change` is the
    end of the train loss against its start, `train_late` its fall since the best epoch,
    `recent_fall` the fall of the validation loss over the last epochs.
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


def verdicts(history: pd.DataFrame, max_epochs: int) -> pd.DataFrame:
    """Judge the training curves of each fold.

    Parameters
    ----------
    history
        Rows `fold, member, epoch, train_loss, val_loss, learning_rate`; epoch 0 is the untrained
        network. NaN or infinite losses mean that the member diverged.
    max_epochs
        The cap on epochs that training was given.

    Returns a row a fold: `fold, verdict, members, best_epoch, epochs, gain_vs_har_pct,
    rise_from_best_pct, train_change_pct, noise_pct, learning_rate, words`. Numbers are medians over
    members, percentages are of the loss at epoch 0. `epochs` counts those trained.
    """
    records = []
    for fold, rows in history.groupby("fold"):
        curves = [_curve(member) for _, member in rows.groupby("member")]
        curve = _median(curves)
        verdict = _judge(curve, max_epochs)
        records.append(
            {
                "fold": fold,
                "verdict": verdict,
                "members": len(curves),
                "best_epoch": int(curve.best_epoch),
                "epochs": int(curve.epochs),
                "gain_vs_har_pct": 100 * curve.gain,
                "rise_from_best_pct": 100 * curve.rise,
                "train_change_pct": 100 * curve.train_change,
                "noise_pct": 100 * curve.noise,
                "learning_rate": float(rows["learning_rate"].median()),
                "words": WORDS[verdict](curve),
            }
        )
    return pd.DataFrame(records, columns=VERDICT_COLUMNS)


VERDICT_COLUMNS = [
    "fold",
    "verdict",
    "members",
    "best_epoch",
    "epochs",
    "gain_vs_har_pct",
    "rise_from_best_pct",
    "train_change_pct",
    "noise_pct",
    "learning_rate",
    "words",
]


def summary(table: pd.DataFrame) -> str:
    """Return one sentence on the table of `verdicts`: counts, best epoch and gain."""
    if table.empty:
        return "No training curve was recorded."
    counts = table["verdict"].value_counts(sort=True)
    parts = [f"{count} {name}" for name, count in counts.items()]
    gain, best = table["gain_vs_har_pct"].median(), table["best_epoch"].median()
    folds = "1 fold" if len(table) == 1 else f"{len(table)} folds"
    tail = (
        f"; at the median the best epoch was {best:.0f} and the validation loss fell {gain:.1f} % "
        "below its HAR start"
        if np.isfinite(gain)
        else ""
    )
    return f"Of {folds}: {', '.join(parts)}{tail}."


def _curve(member: pd.DataFrame) -> Curve:
    """Return the numbers of one member's curve, epochs ascending."""
    ordered = member.sort_values("epoch")
    epoch = ordered["epoch"].to_numpy(np.float64)
    train, val = (ordered[name].to_numpy(np.float64) for name in ("train_loss", "val_loss"))
    if not (np.isfinite(train).all() and np.isfinite(val).all()):
        return Curve(0.0, epoch[-1], 0.0, *[np.nan] * 8)
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
    )


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
    window = _recent_epochs(len(loss))
    before = loss[-2 * window : -window]
    return float(np.median(before) - np.median(loss[-window:])) if len(before) else 0.0


def _recent_epochs(epochs: float) -> int:
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


def _median(curves: list[Curve]) -> Curve:
    """Return the median of each number over members; one member that is not finite spoils all."""
    table = np.array([list(vars(curve).values()) for curve in curves], dtype=np.float64)
    if not table[:, 0].all():
        return Curve(float(table[:, 0].mean()), float(np.median(table[:, 1])), 0.0, *[np.nan] * 8)
    middle = Curve(*(float(value) for value in np.median(table, axis=0)))
    return replace(middle, best_epoch=float(np.floor(middle.best_epoch)))


def _judge(curve: Curve, max_epochs: int) -> str:
    """Return the first verdict whose rule holds, the gravest first."""
    gained = curve.gain > max(SOME_NOISE * curve.noise, VISIBLE_SHARE)
    rules = {
        DIVERGING: _diverged(curve),
        OSCILLATING: curve.noise > max(ROUGH_SHARE, SIZABLE_SHARE * curve.gain),
        OVERFITTING: gained and _overfitted(curve),
        STILL_IMPROVING: curve.epochs >= max_epochs and gained and _still_falls(curve),
        WORSE_THAN_START: not gained and curve.end > max(SOME_NOISE * curve.noise, VISIBLE_SHARE),
        UNDERFITTING: not gained and -curve.train_change < LEARNT_SHARE,
    }
    return next((name for name, holds in rules.items() if holds), CONVERGED)


def _diverged(curve: Curve) -> bool:
    rose = curve.train_change > max(DIVERGED_SHARE, MUCH_NOISE * curve.train_noise)
    return curve.finite < 1.0 or rose or curve.train_change > 1.0


def _overfitted(curve: Curve) -> bool:
    """Early stopping always ends after the best epoch; only a large rise counts."""
    lost = curve.rise > max(SIZABLE_SHARE * curve.gain, MUCH_NOISE * curve.noise, VISIBLE_SHARE)
    return lost and curve.train_late > 0


def _still_falls(curve: Curve) -> bool:
    near_the_end = curve.best_epoch > curve.epochs - _recent_epochs(curve.epochs)
    return near_the_end and curve.recent_fall > max(
        SOME_NOISE * curve.noise, STILL_SHARE * curve.gain
    )


def _diverging_words(curve: Curve) -> str:
    remedy = "lower the learning rate or clip gradients by norm"
    if curve.finite < 1.0:
        return f"{1 - curve.finite:.0%} of the members reached a loss that is not finite: {remedy}."
    return f"The train loss ended {curve.train_change:.0%} above its HAR start: {remedy}."


def _converged_words(curve: Curve) -> str:
    if curve.gain <= max(SOME_NOISE * curve.noise, VISIBLE_SHARE):
        return "It settled without a gain over its HAR start beyond the noise."
    return (
        f"The validation loss settled {curve.gain:.1%} below its HAR start "
        f"(epoch {curve.best_epoch:.0f}); nothing to do."
    )


WORDS: dict[str, Callable[[Curve], str]] = {
    DIVERGING: _diverging_words,
    OSCILLATING: lambda curve: (
        f"From epoch to epoch the validation loss jumps by {curve.noise:.1%} of its HAR start, for "
        f"a gain of {curve.gain:.1%}: lower the learning rate or enlarge the batch."
    ),
    UNDERFITTING: lambda curve: (
        f"The train loss fell by only {-curve.train_change:.1%} from its HAR start: raise the "
        "learning rate, train longer or weaken the regularisation."
    ),
    OVERFITTING: lambda curve: (
        f"Overfitting from epoch {curve.best_epoch:.0f}: the validation loss rose again by "
        f"{curve.rise:.1%} of its HAR start after a gain of {curve.gain:.1%} while the train loss "
        "fell: stop earlier, regularise more or use a smaller network."
    ),
    STILL_IMPROVING: lambda curve: (
        f"The cap of {curve.epochs:.0f} epochs came while the validation loss still fell (by "
        f"{curve.recent_fall:.1%} of its HAR start over the last epochs): allow more epochs."
    ),
    WORSE_THAN_START: lambda curve: (
        f"The validation loss never fell clearly below its HAR start and ended {curve.end:.1%} "
        "above it: training only did harm; lower the learning rate or revise the inputs."
    ),
    CONVERGED: _converged_words,
}
