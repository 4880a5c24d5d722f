"""The exponentially weighted moving average of RiskMetrics."""

from __future__ import annotations

from typing import Self

import pandas as pd

from volcast.models.baselines.naive import repeat_over_horizons
from volcast.models.forecaster import Float, Forecaster, Sample, Split

DECAY = 0.94  # RiskMetrics Technical Document (1996), daily data


class EWMA(Forecaster):
    """``s_t = 0.94 s_{t-1} + 0.06 v_t`` on the variance proxy; flat over the horizons.

    The weights are normalised to sum to one, so that the first session does not weigh more than
    its age allows. A session without a variance leaves the average as it was.
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Nothing to estimate: the decay is RiskMetrics'."""
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the average up to the origin, (n, N, H)."""
        average = pd.DataFrame(sample.variance).ewm(alpha=1 - DECAY, ignore_na=True).mean()
        return repeat_over_horizons(average.to_numpy(), sample, origins)
