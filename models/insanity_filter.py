"""The insanity filter: no forecast leaves the range that was seen in training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecaster import Float, Sample, Split, select_fit_rows


@dataclass(frozen=True)
class Bounds:
    """Smallest and largest realised target of each ticker and horizon, (N, H).

    Swanson & White (1997) named the idea; Bollerslev, Patton & Quaedvlieg (2016, Journal of
    Econometrics 192, section 3.3) use it for HAR models. A ticker without rows takes the range
    of all tickers.
    """

    low: Float
    high: Float

    @classmethod
    def fit(cls, sample: Sample, split: Split) -> Bounds:
        """Return the range over training and validation part."""
        rows = select_fit_rows(sample, split.both)[:, :, None]
        low = np.where(rows, sample.target, np.inf).min(axis=0)
        high = np.where(rows, sample.target, -np.inf).max(axis=0)
        return cls(
            low=np.where(np.isfinite(low), low, low.min(axis=0)),
            high=np.where(np.isfinite(high), high, high.max(axis=0)),
        )

    def clip(self, forecast: Float) -> tuple[Float, NDArray[np.bool_]]:
        """Return the bounded forecast (n, N, H), and where it was changed; NaN stays NaN."""
        bounded = np.clip(forecast, self.low, self.high)
        return bounded, ~np.isnan(forecast) & (bounded != forecast)
