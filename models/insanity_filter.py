"""The insanity filter: forecasts are clipped to the range of the training targets.

The targets are those of the bounded history (`volcast.models.outliers`): a single wrong session
does not widen the range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecaster import Float, Sample, Split, select_fit_rows
from volcast.models.outliers import iterate_tickers


@dataclass(frozen=True)
class Bounds:
    """The smallest and the largest realised target of each ticker and horizon, (N, H).

    A ticker without rows takes the range over all tickers.

    References
    ----------
    Swanson & White (1997), Review of Economics and Statistics 79. Bollerslev, Patton & Quaedvlieg
    (2016), Journal of Econometrics 192, section 3.3, apply it to HAR models.

    Examples
    --------
    >>> bounds = Bounds(low=np.array([[1e-5]]), high=np.array([[1e-3]]))
    >>> forecast, clipped = bounds.clip(np.array([2e-4, 5e-3]).reshape(2, 1, 1))
    >>> forecast.ravel().tolist(), clipped.ravel().tolist()
    ([0.0002, 0.001], [False, True])
    """

    low: Float
    high: Float

    @classmethod
    def fit(cls, sample: Sample, split: Split) -> Bounds:
        """Return the range of the targets over the training and validation parts."""
        rows, target = select_fit_rows(sample, split.both)[:, :, None], sample.bounded.target
        low, high = np.empty(target.shape[1:]), np.empty(target.shape[1:])
        for own in iterate_tickers(len(low)):
            low[own] = np.where(rows[:, own], target[:, own], np.inf).min(axis=0)
            high[own] = np.where(rows[:, own], target[:, own], -np.inf).max(axis=0)
        return cls(
            low=np.where(np.isfinite(low), low, low.min(axis=0)),
            high=np.where(np.isfinite(high), high, high.max(axis=0)),
        )

    def clip(self, forecast: Float) -> tuple[Float, NDArray[np.bool_]]:
        """Return the clipped forecast (n, N, H), and where it was changed; NaN stays NaN."""
        bounded = np.clip(forecast, self.low, self.high)
        return bounded, ~np.isnan(forecast) & (bounded != forecast)
