"""The timing of a measured variance: whether it holds information about the next session.

A variance column that was smoothed over t-1 .. t+1, or shifted by a session, is a look-ahead that
no corruption of later rows can show, because the column arrives with it. Statistics can: the change
of an honest measure goes with the surprise in the high-low range of the same session, that of a
column with tomorrow in it with the surprise in tomorrow's.
"""

import dataclasses

import numpy as np

from volcast.features._typing import FloatArray
from volcast.features.windows import lag_rows, window_mean

FEWEST_SESSIONS = 100
SHARE = 0.5  # of the correlation with the same session; honest measures stay far below it
Z_LIMIT = 3.0  # standard errors
HAR_WINDOWS = (1, 5, 22)


@dataclasses.dataclass(frozen=True)
class VarianceTiming:
    """How the changes of a variance go with the surprises in the range.

    Attributes
    ----------
    same_session, next_session
        Correlation of the change of log variance on session t with the surprise in the log range
        variance of session t, and of session t + 1.
    sessions
        The number of sessions in both.
    """

    same_session: float
    next_session: float
    sessions: int

    @property
    def z(self) -> float:
        """Standard errors by which the next session's correlation exceeds half the same one's."""
        error = np.sqrt((1 + SHARE**2) / max(self.sessions, 1))
        return float((self.next_session - SHARE * self.same_session) / error)

    @property
    def is_suspicious(self) -> bool:
        """Whether the variance seems to hold information about the next session."""
        return self.sessions >= FEWEST_SESSIONS and self.z > Z_LIMIT


def measure_variance_timing(variance: FloatArray, range_variance: FloatArray) -> VarianceTiming:
    """Compare the changes of a variance with the surprises in the range of the same and next day.

    The surprise is the residual of a HAR regression of the log range variance on its own past. The
    result describes a whole history; it is a check of data, never a feature.

    Parameters
    ----------
    variance
        Measured daily variance of one ticker, (T,); NaN where there is none.
    range_variance
        Daily variance from the high-low range of the same sessions, (T,); values that are not above
        0 are ignored.

    Returns
    -------
    VarianceTiming
        With correlations of NaN and no sessions if there are too few.

    References
    ----------
    Corsi (2009), A simple approximate long-memory model of realized volatility.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> log_variance = rng.normal(size=600)
    >>> honest, ranges = np.exp(log_variance), np.exp(log_variance + rng.normal(size=600))
    >>> measure_variance_timing(honest, ranges).is_suspicious
    False
    >>> smoothed = np.convolve(honest, [1 / 3, 1 / 3, 1 / 3], mode="same")
    >>> measure_variance_timing(smoothed, ranges).is_suspicious
    True
    """
    log_variance, log_range = _log_above_zero(variance), _log_above_zero(range_variance)
    surprise = _compute_surprise(log_range)
    change = log_variance - lag_rows(log_variance[:, None], 1)[:, 0]
    pairs = np.stack([change[:-1], surprise[:-1], surprise[1:]])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    if pairs.shape[1] < FEWEST_SESSIONS or not (pairs.std(axis=1) > 0).all():
        return VarianceTiming(np.nan, np.nan, 0)
    _, same, following = np.asarray(np.corrcoef(pairs))[0]
    return VarianceTiming(float(same), float(following), pairs.shape[1])


def _compute_surprise(log_range: FloatArray) -> FloatArray:
    """Return the residual of a HAR regression on the range's own past, (T,); NaN if unknown."""
    means = [window_mean(log_range[:, None], window) for window in HAR_WINDOWS]
    past = np.hstack([lag_rows(mean, 1) for mean in means])
    regressors = np.column_stack([np.ones(len(past)), past])
    known = np.isfinite(regressors).all(axis=1) & np.isfinite(log_range)
    surprise = np.full(len(log_range), np.nan)
    if known.sum() >= FEWEST_SESSIONS:
        weights = np.linalg.lstsq(regressors[known], log_range[known], rcond=None)[0]
        surprise[known] = log_range[known] - regressors[known] @ weights
    return surprise


def _log_above_zero(variance: FloatArray) -> FloatArray:
    return np.log(np.where(variance > 0, variance, np.nan))
