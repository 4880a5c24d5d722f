"""The exponentially weighted moving average (EWMA) of RiskMetrics."""

from __future__ import annotations

from typing import Self

import pandas as pd

from volcast.models.baselines.naive import repeat_over_horizons
from volcast.models.forecaster import Float, Forecaster, Sample, Split

DECAY = 0.94  # RiskMetrics Technical Document (1996), daily data


class EWMA(Forecaster):
    """``s_t = 0.94 s_{t-1} + 0.06 v_t`` on the variance proxy, flat over the horizons.

    The weights are normalised to sum to one, so that the first session has no larger weight than
    its age implies. A session without a variance leaves the average unchanged.

    References
    ----------
    J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, 4th edition, section 5.
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Return the forecaster; the decay is fixed at the value of RiskMetrics."""
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the average up to the origin, (n, N, H); NaN where not forecastable."""
        average = pd.DataFrame(sample.variance).ewm(alpha=1 - DECAY, ignore_na=True).mean()
        return repeat_over_horizons(average.to_numpy(), sample, origins)
