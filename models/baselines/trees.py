"""Gradient-boosted trees that correct HAR, on the inputs of the network."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecast_blocks import forecast_rows
from volcast.models.forecaster import (
    REQUIRED,
    Float,
    Forecaster,
    Sample,
    Split,
    select_fit_rows,
)
from volcast.models.regressor.error_bounds import compute_smearing
from volcast.models.regressor.preprocessing import Inputs

# Leaves are larger than a single week can fill.
SETTINGS = {
    "max_leaf_nodes": 31,
    "min_samples_leaf": 200,
    "early_stopping": False,
    "random_state": 0,
}


class Trees(Forecaster):
    """Histogram gradient boosting of HAR's error in logs by scikit-learn, pooled over tickers.

    It has the anchor and the inputs of the network: levels relative to HAR, standardised, clipped,
    and missing values at their mean. Trees on the levels themselves cannot forecast more than they
    have seen. There is one ensemble per horizon. The mean of the exponentiated residuals turns the
    forecast of the mean log into one of the mean, as for HAR.

    Parameters
    ----------
    steps, rate
        Number of trees, and the share of each that is added; many small steps are usual
        (docs/experiments.md compares others).

    References
    ----------
    Ke et al. (2017), LightGBM, NeurIPS 30. Duan (1983), Journal of the American Statistical
    Association 78 (smearing).
    """

    def __init__(self, *, steps: int = 300, rate: float = 0.02) -> None:
        self.steps = steps
        self.rate = rate

    def fit(self, sample: Sample, split: Split) -> Self:
        """Fit on the rows of the training and validation parts together."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        rows = select_fit_rows(sample, split.both)
        x, target = sample.select_fit_data(rows)
        log_y = np.log(target)
        levels = np.flatnonzero(sample.level)
        self.inputs_ = Inputs.fit(x, log_y, sample.positions(REQUIRED), levels)
        inputs, anchor_log = self.inputs_.transform(x)
        options = {"max_iter": self.steps, "learning_rate": self.rate, **SETTINGS}
        self.models_ = []
        for error in (log_y - anchor_log).T:
            model = HistGradientBoostingRegressor(**options).fit(inputs, error)
            residual = error - model.predict(inputs)
            self.models_.append((model, compute_smearing(residual[:, None])[0]))
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance, (n, N, H); NaN where not forecastable."""
        return forecast_rows(sample, origins, self._predict)

    def _predict(self, rows: NDArray[np.float32]) -> Float:
        x, anchor_log = self.inputs_.transform(rows)
        corrections = [model.predict(x) + smearing for model, smearing in self.models_]
        return np.asarray(np.exp(anchor_log + np.stack(corrections, axis=1)))
