"""How a pretrained forecast and that of the local network are combined.

The forecast is a mean of logs, ``(1 - w) * local + w * (pretrained + level)``. The level of the
pretrained forecast is corrected ticker by ticker; the weight of each horizon is a compromise
between what is expected from the length of the local history and what both forecasts reached on
rows that neither was fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecaster import Float
from volcast.models.regressor.error_bounds import bound_errors

# Chosen on development years (docs/experiments.md), where neighbouring values differ by less than
# sampling error.
LEVEL_BLOCK = (
    66  # sessions, a quarter: errors of neighbouring days are alike, those of quarters less
)
LEVEL_SESSIONS = 1000  # the newest, on which the level of the pretrained forecast is estimated
FEWEST_BLOCKS = 4  # of a ticker and horizon, for any correction of its level
LEVEL_DOUBT = 4.0  # a level error of two standard errors is not corrected at all
HISTORY = 2500.0  # sessions of one ticker at which both forecasts are expected to be as good
OTHER_KIND = 0.15  # correction of the level that makes another kind of target likely
WEIGHT_SPREAD = 0.25  # standard deviation of the prior of the weight
EVIDENCE = 2.0  # factor of the loss in the likelihood
LOSS_CORRELATION = 0.2  # between the losses of two tickers on a day
GRID = np.linspace(0.0, 1.0, 41)


@dataclass(frozen=True, eq=False)
class Combination:
    """The weight of the pretrained forecast, and the correction of its level.

    Attributes
    ----------
    weight
        (H,), from 0 to 1.
    level
        (N, H), added to the log of the pretrained forecast.
    """

    weight: Float
    level: Float

    def combine(self, local_log: Float, pretrained_log: Float) -> Float:
        """Return the log of the combined forecast, (n, N, H); where one is NaN, the other's."""
        corrected = pretrained_log + self.level
        both = (1.0 - self.weight) * local_log + self.weight * corrected
        one = np.where(np.isfinite(local_log), local_log, corrected)
        return np.where(np.isfinite(both), both, one)

    def to_dict(self) -> dict[str, Any]:
        """Return the values as JSON holds them."""
        return {"weight": self.weight.tolist(), "level": self.level.tolist()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return what `to_dict` was called on."""
        weight = np.array(values["weight"])
        return cls(weight, np.array(values["level"]).reshape(-1, len(weight)))


def fit_level(log_error: Float) -> Float:
    """Return the correction of the level of each ticker and horizon, (N, H).

    It is the log of the mean of the exponentiated errors, which are bounded so that no single one
    decides, times ``1 - LEVEL_DOUBT * se**2 / level**2``, or 0 if that is negative. Another kind of
    target, such as realised variance, is corrected almost in full, and what a volatile year leaves
    hardly at all. The standard error is that of the means of quarters.

    Parameters
    ----------
    log_error
        (n, N, H), log outcomes less log forecasts in order of time; NaN if unknown.

    References
    ----------
    James & Stein (1961), Proceedings of the Fourth Berkeley Symposium 1 (the positive-part rule is
    due to Baranchik).
    """
    level = np.zeros(log_error.shape[1:])
    for ticker, place in np.ndindex(*level.shape):
        errors = log_error[:, ticker, place]
        errors = errors[np.isfinite(errors)]
        blocks = len(errors) // LEVEL_BLOCK
        if blocks >= FEWEST_BLOCKS:
            level[ticker, place] = _shrink_level(bound_errors(errors[:, None])[:, 0], blocks)
    return level


def fit_weight(
    local_log: Float,
    pretrained_log: Float,
    log_target: Float,
    horizons: tuple[int, ...],
    *,
    expected: Float,
) -> Float:
    """Return the weight of the pretrained forecast at each horizon, (H,).

    It is the posterior mean of a normal prior (`expect_weight`), cut to [0, 1], and of the
    likelihood ``exp(-EVIDENCE * n * QLIKE)`` of the n independent outcomes.

    Parameters
    ----------
    local_log, pretrained_log, log_target
        (n, N, H), on rows that the weights of neither network were fitted on, although the local
        one was stopped, and its level corrected, by them; NaN if unknown. The pretrained one with
        the correction of its level.
    horizons
        The H horizons in sessions.
    expected
        The mean of the prior, (H,).

    References
    ----------
    Bates & Granger (1969), Operational Research Quarterly 20 (weights by past errors). Bissiri,
    Holmes & Walker (2016), Journal of the Royal Statistical Society B 78 (a posterior from a loss).
    """
    weights = np.zeros(len(horizons))
    for place, horizon in enumerate(horizons):
        logs = (part[:, :, place] for part in (local_log, pretrained_log, log_target))
        losses, outcomes = _compute_losses(*logs)
        log_prior = -0.5 * ((GRID - expected[place]) / WEIGHT_SPREAD) ** 2
        log_posterior = log_prior - EVIDENCE * outcomes / horizon * losses
        posterior = np.exp(log_posterior - log_posterior.max())
        weights[place] = float(posterior @ GRID / posterior.sum())
    return weights


def expect_weight(history: float, level: Float) -> Float:
    """Return the weight that is expected before any loss is known, at each horizon, (H,).

    It falls with the length of the local history, and with the correction of the level: a target
    whose level differs is of another kind than those that the vintage was trained on.

    Parameters
    ----------
    history
        The length of the local history (`measure_history`).
    level
        (N, H), the correction of the level of each ticker.

    Examples
    --------
    >>> expect_weight(2500.0, np.array([[0.0, 0.15]])).round(3).tolist()
    [0.5, 0.184]
    """
    by_history = 1.0 / (1.0 + (history / HISTORY) ** 2)
    return np.asarray(by_history * np.exp(-(level**2).mean(axis=0) / OTHER_KIND**2))


def measure_history(trained: NDArray[np.bool_]) -> float:
    """Return the length of a local history: sessions per ticker, times the root of the tickers.

    Tickers move together, so that twice as many do not say twice as much.

    Parameters
    ----------
    trained
        (T, N), whether a row was trained on.

    Examples
    --------
    >>> measure_history(np.ones((750, 4), dtype=bool))
    1500.0
    """
    tickers = int(trained.any(axis=0).sum())
    return float(trained.sum() / np.sqrt(max(tickers, 1)))


def _shrink_level(errors: Float, blocks: int) -> float:
    """Return the log of the mean exponentiated error (n,), shrunk by the spread of its blocks."""
    ratio = np.exp(errors)
    level = float(np.log(ratio.mean()))
    by_block = np.log([part.mean() for part in np.array_split(ratio, blocks)])
    doubt = LEVEL_DOUBT * float(by_block.var(ddof=1)) / blocks
    return level * max(0.0, 1.0 - doubt / level**2) if level else 0.0


def _compute_losses(
    local_log: Float, pretrained_log: Float, log_target: Float
) -> tuple[Float, float]:
    """Return the mean QLIKE of each weight of `GRID`, and the number of independent outcomes."""
    error = log_target - local_log
    difference = pretrained_log - local_log
    known = np.isfinite(error) & np.isfinite(difference)
    if not known.any():
        return np.zeros(len(GRID)), 0.0
    left = error[known] - GRID[:, None] * difference[known]
    tickers = known.sum(axis=1)
    sessions = tickers[tickers > 0]
    outcomes = (sessions / (1.0 + LOSS_CORRELATION * (sessions - 1))).sum()
    return (np.exp(left) - left - 1.0).mean(axis=1), float(outcomes)
