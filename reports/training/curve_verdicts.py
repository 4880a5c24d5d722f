"""Verdicts on training curves: what happened in each fold, by which numbers, and the remedy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from volcast.reports.training.curve_summary import (
    Curve,
    median_curve,
    recent_epochs,
    summarise_curve,
)

MUCH_NOISE = 4.0  # this many noise scales do not occur by chance
SOME_NOISE = 2.0
SIZABLE_SHARE = 0.5  # of the gain over HAR, lost again after the best epoch
STILL_SHARE = 0.05  # of the gain over HAR, won over the last epochs
VISIBLE_SHARE = 0.005  # of the HAR start: smaller changes are ignored
DIVERGED_SHARE = 0.1  # of the HAR start by which the train loss rose
ROUGH_SHARE = 0.03  # of the HAR start: noise above it makes the best epoch arbitrary
LEARNT_SHARE = 0.01  # of the HAR start by which the train loss must fall to call it learning
MEMORISED_FALL, MEMORISED_RATIO = 0.3, 6.0  # fall of the train loss, and how many times the gain
CONSTANT_SPREAD = 0.02  # below it all rows get the same correction

DIVERGING = "diverging"
DEAD = "dead"
OSCILLATING = "oscillating"
UNDERFITTING = "underfitting"
OVERFITTING = "overfitting"
STILL_IMPROVING = "still improving at the cap"
CONVERGED = "converged"
WORSE_THAN_START = "worse than HAR start"


def judge_folds(history: pd.DataFrame, max_epochs: int) -> pd.DataFrame:
    """Judge the training curves of each fold.

    Parameters
    ----------
    history
        Rows `fold, member, epoch, train_loss, val_loss, learning_rate`; epoch 0 is the untrained
        network. NaN or infinite losses mean that the member diverged.
    max_epochs
        The maximum number of epochs in the settings.

    Returns
    -------
    DataFrame
        One row a fold: `fold, verdict, members, best_epoch, epochs, gain_vs_har_pct,
        rise_from_best_pct, train_change_pct, noise_pct, learning_rate, words`. Numbers are medians
        over members, percentages are of the loss at epoch 0, `epochs` counts those trained.
    """
    records = []
    for fold, rows in history.groupby("fold"):
        curves = [summarise_curve(member) for _, member in rows.groupby("member")]
        curve = median_curve(curves)
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
                "words": f"{WORDS[verdict](curve)}; {REMEDIES[verdict]}.",
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


def advise_on_training(table: pd.DataFrame) -> str:
    """Return the remedy for the most frequent problem in the table of `judge_folds`."""
    failing = table[~table["verdict"].isin([CONVERGED])]
    if failing.empty:
        return "Nothing to do: every fold converged."
    counts = failing["verdict"].value_counts()
    worst = next(name for name in WORDS if name in counts.index and counts[name] == counts.max())
    share = f"{counts[worst]} of {len(table)} folds"
    if 2 * counts[worst] <= len(table):
        return (
            f"Most folds are fine; for those that are not ({worst} in {share}): {REMEDIES[worst]}."
        )
    return f"{worst.capitalize()} in {share}: {REMEDIES[worst]}."


def summarise_verdicts(table: pd.DataFrame) -> str:
    """Return one sentence on the table of `judge_folds`: counts, median best epoch and gain."""
    if table.empty:
        return "No training curve was recorded."
    counts = table["verdict"].value_counts(sort=True)
    parts = [f"{count} {name}" for name, count in counts.items()]
    gain, best = table["gain_vs_har_pct"].median(), table["best_epoch"].median()
    folds = "1 fold" if len(table) == 1 else f"{len(table)} folds"
    tail = (
        f"; in the median fold the best epoch was {best:.0f} and the validation loss fell "
        f"{gain:.1f} % below its HAR start"
        if np.isfinite(gain)
        else ""
    )
    return f"Of {folds}: {', '.join(parts)}{tail}."


def _judge(curve: Curve, max_epochs: int) -> str:
    """Return the first verdict whose rule holds, the most serious first."""
    gained = curve.gain > max(SOME_NOISE * curve.noise, VISIBLE_SHARE)
    rules = {
        DIVERGING: curve.finite < 1.0 or curve.train_change > DIVERGED_SHARE,
        DEAD: curve.spread < CONSTANT_SPREAD,
        OVERFITTING: (gained and _overfitted(curve)) or _memorised(curve),
        WORSE_THAN_START: not gained and curve.end > max(SOME_NOISE * curve.noise, VISIBLE_SHARE),
        OSCILLATING: curve.noise > max(ROUGH_SHARE, SIZABLE_SHARE * curve.gain),
        STILL_IMPROVING: curve.epochs >= max_epochs and gained and _still_falls(curve),
        UNDERFITTING: not gained and -curve.train_change < LEARNT_SHARE,
    }
    return next((name for name, holds in rules.items() if holds), CONVERGED)


def _memorised(curve: Curve) -> bool:
    """Return whether the network memorised its rows: only the train loss fell."""
    fall = -curve.train_change
    return fall > max(MEMORISED_FALL, MEMORISED_RATIO * curve.gain)


def _overfitted(curve: Curve) -> bool:
    """Early stopping always ends after the best epoch; only a large rise counts."""
    lost = curve.rise > max(SIZABLE_SHARE * curve.gain, MUCH_NOISE * curve.noise, VISIBLE_SHARE)
    return lost and curve.train_late > 0


def _still_falls(curve: Curve) -> bool:
    near_the_end = curve.best_epoch > curve.epochs - recent_epochs(curve.epochs)
    return near_the_end and curve.recent_fall > max(
        SOME_NOISE * curve.noise, STILL_SHARE * curve.gain
    )


def _diverging_words(curve: Curve) -> str:
    if curve.finite < 1.0:
        return f"{1 - curve.finite:.0%} of the members reached a loss that is not finite"
    return f"The train loss ended {curve.train_change:.0%} above its HAR start"


def _overfitting_words(curve: Curve) -> str:
    if _memorised(curve):
        return (
            f"The train loss fell by {-curve.train_change:.0%} of its HAR start, the validation "
            f"loss by {curve.gain:.1%}: the network memorises its rows"
        )
    return (
        f"The validation loss rose by {curve.rise / curve.gain:.0%} of its gain over HAR after "
        f"epoch {curve.best_epoch:.0f}, while the train loss fell"
    )


def _converged_words(curve: Curve) -> str:
    if curve.gain <= max(SOME_NOISE * curve.noise, VISIBLE_SHARE):
        return "It converged without a gain over its HAR start beyond the noise"
    return (
        f"The validation loss converged {curve.gain:.1%} below its HAR start "
        f"(epoch {curve.best_epoch:.0f})"
    )


WORDS: dict[str, Callable[[Curve], str]] = {
    DIVERGING: _diverging_words,
    DEAD: lambda curve: (
        f"All rows get the same correction, within {curve.spread:.1%}: the hidden units have "
        "no effect"
    ),
    OVERFITTING: _overfitting_words,
    WORSE_THAN_START: lambda curve: (
        f"The validation loss never fell clearly below its HAR start and ended {curve.end:.1%} "
        "above it"
    ),
    OSCILLATING: lambda curve: (
        f"From epoch to epoch the validation loss jumps by {curve.noise:.1%} of its HAR start, for "
        f"a gain of {curve.gain:.1%}"
    ),
    STILL_IMPROVING: lambda curve: (
        f"Training ended after the maximum of {curve.epochs:.0f} epochs while the validation loss "
        f"was still falling, by {curve.recent_fall:.1%} of its HAR start over the last epochs"
    ),
    UNDERFITTING: lambda curve: (
        f"The train loss fell by only {max(0.0, -curve.train_change):.1%} from its HAR start"
    ),
    CONVERGED: _converged_words,
}
REMEDIES = {
    DIVERGING: "lower the learning rate, or clip gradients by norm",
    DEAD: "lower the learning rate, weaken L2, or change the activation or the inputs",
    OVERFITTING: "lower the patience, add L2 or dropout, use a smaller network, or get more rows",
    WORSE_THAN_START: "lower the learning rate, or revise the inputs: training only made it worse",
    OSCILLATING: "lower the learning rate, or enlarge the batch",
    STILL_IMPROVING: "allow more epochs",
    UNDERFITTING: "raise the learning rate, train longer, or weaken the regularisation",
    CONVERGED: "nothing to do",
}
