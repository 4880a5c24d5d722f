"""Monitors forecasts: coverage of the intervals, and the share that the insanity filter clips."""

import math

import numpy as np
import pandas as pd
from scipy.special import bdtr, bdtrik, stdtrit

from volcast.reports.monitoring.alerts import Observation
from volcast.reports.scoring.inference import (
    collapse_by_date,
    degrees_of_freedom,
    long_run_covariance,
)

FALSE_ALARMS = 0.001  # of a single look
CLEAR_SHARE = 0.8
FEWEST_TARGETS = 20  # that do not overlap
NAN = math.nan


def coverage(
    rows: pd.DataFrame, *, level: float, horizon: int, subject: str = "intervals"
) -> Observation:
    """Observe how far the share of outcomes inside their intervals is from the nominal level.

    Parameters
    ----------
    rows
        One row an origin and ticker, of one horizon and the last sessions (such as 250): `origin`,
        `lower`, `upper`, `realized`. Rows that lack one of the numbers are left out.
    level
        Nominal coverage, such as 0.9.
    horizon
        Sessions that a target covers.
    subject
        The subject of the alert.

    Returns
    -------
    Observation
        The limit is the wider of two: the binomial's, with the tickers of a date counted once and
        only every `horizon`-th of overlapping targets; and that of a HAC standard error, for
        misses that occur in clusters. The value is NaN below 20 targets.
    """
    known = rows[["lower", "upper", "realized"]].notna().all(axis=1)
    used = rows[known]
    inside = used["realized"].between(used["lower"], used["upper"]).to_numpy(np.float64)
    sums, count = collapse_by_date(inside, used["origin"]) if len(used) else (inside, inside)
    dates = len(sums)
    targets = dates // horizon
    if targets < FEWEST_TARGETS:
        return Observation("coverage", subject, NAN, NAN, NAN, f"{subject}: too few outcomes yet")
    daily = sums / count
    share, away = float(daily.mean()), float(abs(daily.mean() - level))
    freedom = degrees_of_freedom(dates, horizon)
    error = math.sqrt(long_run_covariance(daily, freedom)[0, 0] / dates)
    clustered = error * -float(stdtrit(freedom, FALSE_ALARMS / 2))
    tails = (FALSE_ALARMS / 2, 1 - FALSE_ALARMS / 2)
    low, high = (_binomial_quantile(tail, targets, level) / targets for tail in tails)
    limit = max(level - low if share < level else high - level, clustered)
    words = (
        f"{subject}: {share:.1%} of the outcomes of {dates} sessions fell inside {level:.0%} "
        f"intervals; deviations up to {limit:.1%} are expected by chance"
    )
    return Observation("coverage", subject, away, limit, CLEAR_SHARE * limit, words)


def clip_rate(recent: pd.DataFrame, usual: float, *, subject: str = "forecasts") -> Observation:
    """Observe the share of forecasts that were bounded by the range seen in training.

    Parameters
    ----------
    recent
        One row an origin and ticker of the last sessions: `origin`, `clipped`.
    usual
        The share in the backtest.
    subject
        The subject of the alert.

    Returns
    -------
    Observation
        The limit is the binomial's at the usual share (at least one in a thousand), with the
        tickers of a date counted once. NaN without rows.
    """
    if recent.empty:
        return Observation("clip rate", subject, NAN, NAN, NAN, f"{subject}: none yet")
    sums, count = collapse_by_date(recent["clipped"].to_numpy(np.float64), recent["origin"])
    share, dates = float((sums / count).mean()), len(sums)
    limit = _binomial_quantile(1 - FALSE_ALARMS, dates, max(usual, FALSE_ALARMS)) / dates
    words = (
        f"{subject}: {share:.1%} were clipped over {dates} sessions, {usual:.1%} in the backtest; "
        f"up to {limit:.1%} is expected by chance"
    )
    return Observation("clip rate", subject, share, limit, CLEAR_SHARE * limit, words)


def _binomial_quantile(probability: float, trials: int, share: float) -> float:
    """Return the smallest number of successes that is not exceeded with a probability."""
    successes = math.ceil(bdtrik(probability, trials, share))
    fewer = max(successes - 1, 0)
    return float(fewer if bdtr(fewer, trials, share) >= probability else successes)
