"""Forecasts that need no fitting: the last value, and the mean of the last month."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd

from volcast.models.forecaster import Float, Forecaster, Sample, Split, mask_unusable

MONTH = 22
SHARE_NEEDED = 0.6  # of the sessions of a window, as for the features


def repeat_over_horizons(today: Float, sample: Sample, origins: slice) -> Float:
    """Return one variance (T, N) as the forecast of every horizon, (n, N, H)."""
    over_horizons = np.repeat(today[origins, :, None], len(sample.horizons), axis=2)
    return mask_unusable(over_horizons, sample, origins)


class LastValue(Forecaster):
    """Tomorrow is like today."""

    def fit(self, sample: Sample, split: Split) -> Self:
        """Nothing to estimate."""
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the variance of the origin, (n, N, H)."""
        return repeat_over_horizons(sample.variance, sample, origins)


class MonthMean(Forecaster):
    """Tomorrow is like the mean of the last 22 sessions."""

    def fit(self, sample: Sample, split: Split) -> Self:
        """Nothing to estimate."""
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean variance of the 22 sessions up to the origin, (n, N, H)."""
        return repeat_over_horizons(rolling_month_mean(sample.variance), sample, origins)


def rolling_month_mean(variance: Float) -> Float:
    """Return the mean over t-21 .. t of each ticker, (T, N); NaN unless 60 % are known."""
    windows = pd.DataFrame(variance).rolling(MONTH, min_periods=int(np.ceil(SHARE_NEEDED * MONTH)))
    return windows.mean().to_numpy()
