"""The forecast target, the mean daily variance ahead: the only place that looks forward."""

import numpy as np
import pandas as pd

from volcast.features._typing import DateArray, FloatArray

DATE_DTYPE = "datetime64[us]"  # the resolution that pandas 3 reads dates with


def sessions_demanded(horizon: int) -> int:
    """Return how many of a target's sessions must have a valid variance: 75 %, rounded up."""
    return -(-3 * horizon // 4)


def future_mean_variance(variance: FloatArray, horizon: int) -> FloatArray:
    """Return the mean daily variance over the sessions t + 1 .. t + horizon.

    Parameters
    ----------
    variance
        (T, N) daily variance in squared log-return units, NaN where there is none.
    horizon
        Sessions ahead, at least 1.

    Returns
    -------
    (T, N), unit of `variance`; row t looks at rows t + 1 .. t + horizon and at nothing else. NaN
    unless at least 75 % of these sessions are valid and all of them lie inside the data.

    Raises
    ------
    ValueError
        If `horizon` is below 1.

    """
    _check_horizon(horizon)
    result = np.full_like(variance, np.nan)
    rows = max(len(variance) - horizon, 0)
    total, valid = np.zeros_like(result[:rows]), np.zeros_like(result[:rows])
    # Added up afresh for every row: a running sum would carry the rounding residue of a corrupt
    # bar into the targets of days that do not hold it.
    for ahead in range(1, horizon + 1):
        later = variance[ahead : ahead + rows]
        valid += np.isfinite(later)
        total += np.where(np.isfinite(later), later, 0.0)
    enough = valid >= sessions_demanded(horizon)
    np.divide(total, valid, out=result[:rows], where=enough)
    return result


def target_dates(
    sessions: pd.DatetimeIndex, following: pd.DatetimeIndex, horizons: tuple[int, ...]
) -> tuple[DateArray, DateArray]:
    """Return the first and the last sessions of the targets: (T,) and (T, H) datetime64[us].

    Row t holds sessions t + 1 and t + horizon; `following` are the exchange's sessions after the
    last row, as the calendar knows them. Raises ``ValueError`` if they are fewer than the longest
    horizon or do not come after the data, or if a horizon is below 1.
    """
    for horizon in horizons:
        _check_horizon(horizon)
    if len(following) < max(horizons):
        raise ValueError(
            f"a horizon of {max(horizons)} needs as many sessions after the data, "
            f"got {len(following)}; ask the calendar for more"
        )
    if following[0] <= sessions[-1]:
        raise ValueError(
            f"following sessions must come after {sessions[-1].date()}, "
            f"the last of the data; got {following[0].date()}"
        )
    known = np.concatenate([sessions.to_numpy(DATE_DTYPE), following.to_numpy(DATE_DTYPE)])
    row = np.arange(len(sessions))
    return known[row + 1], known[row[:, None] + np.asarray(horizons)]


def _check_horizon(horizon: int) -> None:
    if horizon < 1:
        raise ValueError(f"a horizon is a number of sessions, at least 1; got {horizon}")
