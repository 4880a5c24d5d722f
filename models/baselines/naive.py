"""Baselines without estimation: the last value, and the mean of the last month."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd

from volcast.models.forecaster import Float, Forecaster, Sample, Split, mask_unforecastable

MONTH = 22  # sessions
SHARE_NEEDED = 0.6  # of the sessions of a window, as for the features


def repeat_over_horizons(variance: Float, sample: Sample, origins: slice) -> Float:
    """Return one variance (T, N) as the forecast of every horizon, (n, N, H).

    It is NaN where not forecastable.
    """
    over_horizons = np.repeat(variance[origins, :, None], len(sample.horizons), axis=2)
    return mask_unforecastable(over_horizons, sample, origins)


class LastValue(Forecaster):
    """The random walk: the forecast of every horizon is the variance of the origin."""

    def fit(self, sample: Sample, split: Split) -> Self:
        """Return the forecaster; it has nothing to estimate."""
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the variance of the origin, (n, N, H)."""
        return repeat_over_horizons(sample.variance, sample, origins)


class MonthMean(Forecaster):
    """The mean variance of the last 22 sessions, flat over the horizons."""

    def fit(self, sample: Sample, split: Split) -> Self:
        """Return the forecaster; it has nothing to estimate."""
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean variance of the 22 sessions up to the origin, (n, N, H)."""
        return repeat_over_horizons(rolling_month_mean(sample.variance), sample, origins)


def rolling_month_mean(variance: Float) -> Float:
    """Return the mean over sessions t-21 .. t of each ticker, (T, N).

    It is NaN unless 60 % of the sessions have a variance.

    Examples
    --------
    >>> rolling_month_mean(np.full((14, 1), 1e-4))[[12, 13], 0].tolist()
    [nan, 0.0001]
    """
    windows = pd.DataFrame(variance).rolling(MONTH, min_periods=int(np.ceil(SHARE_NEEDED * MONTH)))
    return windows.mean().to_numpy()
