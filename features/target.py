"""The forecast target, the mean daily variance ahead: the only place that looks forward."""

import numpy as np
import pandas as pd

from volcast.features._typing import DateArray, FloatArray

DATE_DTYPE = "datetime64[us]"  # the resolution that pandas 3 reads dates with


def future_mean_variance(variance: FloatArray, horizon: int) -> FloatArray:
    """Return the mean daily variance over the sessions t + 1 .. t + horizon.

    Parameters
    ----------
    variance
        (T, N) daily variance in squared log-return units, NaN if there is none.
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

    Examples
    --------
    >>> variance = np.array([[1.0], [2.0], [4.0], [6.0]])
    >>> future_mean_variance(variance, 2).ravel()
    array([ 3.,  5., nan, nan])
    """
    _check_horizon(horizon)
    result = np.full_like(variance, np.nan)
    rows = max(len(variance) - horizon, 0)
    total, valid = np.zeros_like(result[:rows]), np.zeros_like(result[:rows])
    # Summed separately for every row: a running sum would carry the rounding residue of a corrupt
    # bar into the targets of days that do not contain it.
    for ahead in range(1, horizon + 1):
        later = variance[ahead : ahead + rows]
        valid += np.isfinite(later)
        total += np.where(np.isfinite(later), later, 0.0)
    enough = valid >= _count_required_sessions(horizon)
    np.divide(total, valid, out=result[:rows], where=enough)
    return result


def compute_target_dates(
    sessions: pd.DatetimeIndex, following: pd.DatetimeIndex, horizons: tuple[int, ...]
) -> tuple[DateArray, DateArray]:
    """Return the first and the last session of each target.

    Parameters
    ----------
    sessions
        (T,) sessions of the data.
    following
        Sessions of the exchange after the last row, from its calendar; at least as many as the
        longest horizon.
    horizons
        H horizons in sessions, each at least 1.

    Returns
    -------
    start, end
        (T,) and (T, H) arrays of datetime64[us]; row t holds sessions t + 1 and t + horizon.

    Raises
    ------
    ValueError
        If `following` is too short or does not come after the data, or if a horizon is below 1.

    Examples
    --------
    >>> sessions = pd.DatetimeIndex(["2024-01-04", "2024-01-05"])
    >>> following = pd.DatetimeIndex(["2024-01-08", "2024-01-09"])
    >>> start, end = compute_target_dates(sessions, following, (1, 2))
    >>> start.astype("datetime64[D]")
    array(['2024-01-05', '2024-01-08'], dtype='datetime64[D]')
    >>> end[:, 1].astype("datetime64[D]")
    array(['2024-01-08', '2024-01-09'], dtype='datetime64[D]')
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


def _count_required_sessions(horizon: int) -> int:
    """Return how many of a target's sessions must have a valid variance: 75 %, rounded up."""
    return -(-3 * horizon // 4)


def _check_horizon(horizon: int) -> None:
    """Raise ``ValueError`` if a horizon is below 1."""
    if horizon < 1:
        raise ValueError(f"a horizon is a number of sessions, at least 1; got {horizon}")
