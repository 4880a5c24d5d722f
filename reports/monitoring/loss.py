"""Drift of the loss: a CUSUM of QLIKE relative to HAR, with a limit from the model's own past.

A cumulative sum (Page 1954, Biometrika 41) detects a small lasting change fastest. Its textbook
limits hold for independent normal numbers; losses are neither, so the limit is found by resampling
blocks of the past, as Chatterjee & Qiu (2009, Annals of Applied Statistics 3) do.
"""

import numpy as np
from numpy.typing import ArrayLike

from volcast.reports.monitoring.alerts import Observation
from volcast.reports.scoring.inference import Floats

SLACK = 0.25  # half the shift to be found, in standard deviations of the limited differences
TAILS = 0.01  # share of the reference at either end that is limited: one crisis is not a drift
PATHS, SEED = 1_000, 0
FALSE_ALARMS, YEAR = 0.05, 250  # the probability of a false alarm within a year, in sessions
CLEAR_SHARE = 0.5
FEWEST_BLOCKS = 10


def fewest_sessions(horizon: int) -> int:
    """Return the number of sessions that a reference needs: ten blocks."""
    return FEWEST_BLOCKS * _block(horizon)


class LossCusum:
    """A CUSUM whose mean, scale and limit come from a reference.

    Parameters
    ----------
    reference
        Loss of the model less loss of HAR, one a session (tickers averaged), out of sample from
        before the champion was promoted, without NaN; at least ten blocks (50 sessions at
        horizon 1), better years: with one year the limit is exceeded in 10 % of years, not in 5.
    horizon
        Sessions that a target covers; blocks of ``2 h + 3`` sessions preserve the correlation of
        overlapping targets.

    Raises
    ------
    ValueError
        The reference is too short, or constant.
    """

    def __init__(self, reference: ArrayLike, horizon: int = 1) -> None:
        past, block = np.asarray(reference, dtype=np.float64), _block(horizon)
        if len(past) < fewest_sessions(horizon):
            raise ValueError(
                f"the reference needs at least {fewest_sessions(horizon)} sessions; "
                f"it has {len(past)}"
            )
        self.low, self.high = np.quantile(past, [TAILS, 1 - TAILS])
        limited = np.clip(past, self.low, self.high)
        self.mean, self.deviation = float(limited.mean()), float(limited.std())
        if not self.deviation > 0:
            raise ValueError("the losses of the reference must not all be equal")
        self.limit = self._limit(limited, block)

    def path(self, differences: ArrayLike) -> Floats:
        """Return the sum after each session, along the last axis; it is never negative.

        `differences` are as in the reference, of the sessions since the promotion of the champion.
        """
        found = np.clip(np.asarray(differences, dtype=np.float64), self.low, self.high)
        steps = (found - self.mean) / self.deviation - SLACK
        level, path = np.zeros(steps.shape[:-1]), np.empty_like(steps)
        for t in range(steps.shape[-1]):
            level = np.maximum(0.0, level + steps[..., t])
            path[..., t] = level
        return path

    def observation(self, differences: ArrayLike, subject: str) -> Observation:
        """Observe the sum after the last session; zero before the first."""
        path = self.path(differences)
        value = float(path[-1]) if len(path) else 0.0
        since = len(path) - int(np.flatnonzero(path == 0)[-1] + 1 if (path == 0).any() else 0)
        words = (
            f"{subject}: the loss relative to HAR has been above its reference mean of "
            f"{self.mean:+.4f} for {since} sessions; CUSUM {value:.1f}, limit "
            f"{self.limit:.1f} (exceeded by chance in 5 % of years)"
        )
        return Observation(
            "loss drift", subject, value, self.limit, CLEAR_SHARE * self.limit, words, "error"
        )

    def _limit(self, past: Floats, block: int) -> float:
        """Return the value that the largest sum of a resampled year exceeds in 5 % of cases.

        The mean of the past is itself uncertain: each year is moved by a draw of its error.
        """
        rng = np.random.default_rng(SEED)
        starts = rng.integers(0, len(past), (PATHS, YEAR // block + 1))
        blocks = past[(starts[:, :, None] + np.arange(block)) % len(past)]
        error = float(blocks.mean(axis=2).std()) * np.sqrt(block / len(past))
        years = blocks.reshape(PATHS, -1)[:, :YEAR] + error * rng.standard_normal((PATHS, 1))
        return float(np.quantile(self.path(years).max(axis=1), 1 - FALSE_ALARMS))


def _block(horizon: int) -> int:
    return 2 * horizon + 3
