"""Gradient-boosted trees on the features of the network, as a nonlinear competitor."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecaster import (
    Float,
    Forecaster,
    Sample,
    Split,
    forecast_usable_rows,
    select_fit_rows,
)
from volcast.models.regressor.error_bounds import compute_smearing

# scikit-learn's default number of steps and rate (docs/experiments.md compares others); leaves are
# larger than a single week can fill.
SETTINGS = {
    "max_iter": 100,
    "learning_rate": 0.1,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 200,
    "early_stopping": False,
    "random_state": 0,
}


class Trees(Forecaster):
    """Histogram gradient boosting of the log variance by scikit-learn, pooled over tickers.

    There is one ensemble per horizon. The mean of the exponentiated residuals turns the forecast
    of the mean log into one of the mean, as for HAR. Missing features are handled by the trees.

    References
    ----------
    Ke et al. (2017), LightGBM, NeurIPS 30. Duan (1983), Journal of the American Statistical
    Association 78 (smearing).
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Fit on the rows of the training and validation parts together."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        rows = select_fit_rows(sample, split.both)
        x, target = sample.select_fit_data(rows)
        log_y = np.log(target)
        self.columns_ = np.isfinite(x).any(axis=0)  # scikit-learn cannot bin a column of NaN
        x = x[:, self.columns_]
        self.models_ = []
        for horizon in range(len(sample.horizons)):
            model = HistGradientBoostingRegressor(**SETTINGS).fit(x, log_y[:, horizon])
            residual = log_y[:, horizon] - model.predict(x)
            self.models_.append((model, compute_smearing(residual[:, None])[0]))
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance, (n, N, H); NaN at unusable origins."""
        return forecast_usable_rows(sample, origins, self._predict)

    def _predict(self, x: NDArray[np.float32]) -> Float:
        known = x[:, self.columns_]
        logs = [model.predict(known) + smearing for model, smearing in self.models_]
        return np.asarray(np.exp(np.stack(logs, axis=1)))
