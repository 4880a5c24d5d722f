"""Evidence that may be checked daily: a bettor's wealth against "the rival is not better".

A test that is repeated daily at 5 % rejects sooner or later even if there is nothing to find. A
bettor's wealth does not have this flaw: starting with 1 in bets that lose on average, it ever
reaches 20 with a probability of at most 1/20 (Ville 1939), however often it is checked and
whenever one stops. Wealth is therefore an e-process (Ramdas, Grünwald, Vovk & Shafer 2023,
Statistical Science 38), here for differences of losses as in Henzi & Ziegel (2022, Biometrika 109)
and Choe & Ramdas (2023, Operations Research).
"""

import numpy as np
from numpy.typing import ArrayLike

from volcast.reports.scoring.inference import Floats

BET = 0.09  # share of the wealth that a usual loss costs; chosen by benchmarks/gate.py
CLIP = 8.0  # usual losses; BET * CLIP < 1 keeps the wealth above zero
WARM_UP = 20  # sessions whose outcomes only serve to estimate the usual loss


def log_wealth(gains: ArrayLike, horizon: int) -> Floats:
    """Return the log of the wealth after each session's outcome, shape (n,); it starts at 0.

    Parameters
    ----------
    gains
        Loss of the incumbent less loss of the rival, one a session, time ascending, without NaN;
        positive where the rival was better.
    horizon
        Sessions that a target covers.

    Notes
    -----
    Session t multiplies the wealth by ``1 + 0.09 z_t``, where ``z_t`` is the gain in units of
    `usual_loss`, limited to 8 either way. What is tested is thus that the limited gain has a mean
    of at most zero, given all that was known at the origin; it needs no bounds, no variance and no
    independence. Targets longer than a session overlap, so their outcomes are dependent: bets are
    placed on every `horizon`-th origin only, from the first on.
    """
    gain = np.asarray(gains, dtype=np.float64)
    scale = usual_loss(gain, horizon)
    placed = (scale > 0) & (np.arange(len(gain)) % horizon == 0)
    standard = np.divide(gain, scale, out=np.zeros_like(gain), where=placed)
    return np.asarray(np.cumsum(np.log1p(BET * np.clip(standard, -CLIP, CLIP))))


def usual_loss(gains: ArrayLike, horizon: int) -> Floats:
    """Return the usual size of a loss as known at each origin, shape (n,); 0 if not known yet.

    The root mean square of the negative gains whose targets had ended by the origin, with one
    pseudo-loss of the size of all gains. Losses set the size of a bet because QLIKE punishes the
    lower of two forecasts rarely and hard: measured by all sessions, a rival that is merely lower
    would win small bets until volatility rises. Known after 20 outcomes.
    """
    gain = np.asarray(gains, dtype=np.float64)
    lost = np.minimum(gain, 0.0)
    count = np.arange(1, len(gain) + 1)
    mean_square = np.cumsum(gain**2) / count
    scale = np.sqrt((np.cumsum(lost**2) + mean_square) / (np.cumsum(lost < 0) + 1))
    scale[: WARM_UP - 1] = 0.0
    known = np.concatenate([np.zeros(horizon), scale])[: len(gain)]
    return np.asarray(known, dtype=np.float64)
