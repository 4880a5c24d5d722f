"""Evidence that may be checked daily: a bettor's wealth against "the rival is not better".

A test that is repeated daily at 5 % rejects sooner or later even if there is nothing to find. A
bettor's wealth does not have this flaw: starting with 1 in bets that lose on average, it ever
reaches 20 with a probability of at most 1/20 (Ville 1939), however often it is checked and
whenever one stops. Wealth is therefore an e-process (Ramdas, Grünwald, Vovk & Shafer 2023,
Statistical Science 38), here for differences of losses as in Henzi & Ziegel (2022, Biometrika 109)
and Choe & Ramdas (2023, Operations Research), with bets as in Waudby-Smith & Ramdas (2024, Journal
of the Royal Statistical Society B 86).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from volcast.reports.scoring.inference import Floats

LARGEST_SURPRISE = 100.0  # an outcome relative to the incumbent's forecast; decision 0023
SIZES = (0.25, 0.5, 4.0)  # shares of the wealth bet on a unit of QLIKE; decision 0023
LARGEST_COST, LARGEST_WIN = 0.99, 1.0  # shares of the wealth that one session may cost and win


@dataclass(frozen=True)
class SplitGains:
    """What a rival gains where it forecasts the higher variance, and where the lower one.

    Attributes
    ----------
    higher, lower
        QLIKE of the incumbent less QLIKE of the rival; 0 where the rival's forecast is the lower
        or the higher one respectively.
    worst_higher, worst_lower
        The most that the rival can lose there, known at the origin: with an outcome of zero where
        it is higher, with one of `LARGEST_SURPRISE` times the incumbent's forecast where lower.
    """

    higher: Floats
    lower: Floats
    worst_higher: Floats
    worst_lower: Floats


def split_gains(realized: ArrayLike, incumbent: ArrayLike, rival: ArrayLike) -> SplitGains:
    """Return the gains of a rival, element by element.

    The difference of QLIKE is linear in the outcome: ``y (1/a - 1/b) + log(a/b)`` for the forecasts
    a of the incumbent and b of the rival. Its range is therefore known before the outcome is.

    Parameters
    ----------
    realized, incumbent, rival
        Daily variances of one shape, positive.

    Examples
    --------
    >>> gains = split_gains([1.0, 1.0], [1.0, 1.0], [2.0, 0.5])
    >>> gains.higher.round(3).tolist(), gains.lower.round(3).tolist()
    ([-0.193, 0.0], [0.0, -0.307])
    >>> gains.worst_higher.round(3).tolist(), gains.worst_lower.round(3).tolist()
    ([0.693, 0.0], [0.0, 99.307])
    """
    y, a, b = (np.asarray(each, dtype=np.float64) for each in (realized, incumbent, rival))
    log_ratio = np.log(a / b)
    gain, is_higher = y / a - y / b + log_ratio, b > a
    return SplitGains(
        higher=np.where(is_higher, gain, 0.0),
        lower=np.where(is_higher, 0.0, gain),
        worst_higher=np.where(is_higher, -log_ratio, 0.0),
        worst_lower=np.where(is_higher, 0.0, LARGEST_SURPRISE * (a / b - 1.0) - log_ratio),
    )


def log_wealth(gains: SplitGains, horizon: int) -> Floats:
    """Return the log of the wealth after each session's outcome, shape (..., n).

    Parameters
    ----------
    gains
        Means over the tickers, shape (..., n), one a session, time ascending, without NaN.
    horizon
        Sessions that a target covers.

    Notes
    -----
    Wealth is the mean of three bettors', who bet 0.25, 0.5 and 4 on a unit of QLIKE. Each places
    two bets a session: on the tickers for which the rival forecasts more, and on those for which it
    forecasts less. Both are so small that the worst outcome costs at most 99 % of the wealth, so
    that a loss counts in full, however rare and large; a gain counts up to doubling the wealth. The
    wealth cannot grow on average if the rival is expected to gain nothing on the higher tickers,
    nor on the lower ones, given all that was known at the origin, and no outcome exceeds
    `LARGEST_SURPRISE` times the incumbent's forecast. It needs no variance, symmetry or
    independence. Targets longer than a session overlap, so their outcomes are dependent: bets are
    placed on every `horizon`-th origin only, from the first on.

    Examples
    --------
    >>> rival = np.array([1.1, 0.9, 1.1])
    >>> np.exp(log_wealth(split_gains([1.2, 0.8, 5.0], np.ones(3), rival), 1)).round(3).tolist()
    [1.022, 1.023, 1.466]
    """
    placed = np.arange(gains.higher.shape[-1]) % horizon == 0
    paths = []
    for size in SIZES:
        higher = _limit_bet(size, gains.worst_higher, LARGEST_COST / 2)
        rest = LARGEST_COST - higher * gains.worst_higher
        lower = _limit_bet(size, gains.worst_lower, rest)
        won = np.clip(higher * gains.higher + lower * gains.lower, -LARGEST_COST, LARGEST_WIN)
        paths.append(np.cumsum(np.log1p(np.where(placed, won, 0.0)), axis=-1))
    return np.asarray(logsumexp(paths, axis=0) - np.log(len(SIZES)))


def _limit_bet(size: float, worst: Floats, most: Floats | float) -> Floats:
    """Return the bet of a size, or the one with which the worst outcome costs `most`."""
    return size / np.maximum(1.0, size * worst / most)
