"""The log-HAR model, ticker by ticker: the baseline that everything is measured against."""

from __future__ import annotations

from typing import Self

import numpy as np

from models.anchor import LogLinear
from models.forecaster import REQUIRED, Float, Forecaster, Sample, Split, fitted_rows, masked

FEWEST_ROWS = 250  # a year; below that a ticker takes the pooled coefficients


class LogHAR(Forecaster):
    """Direct log-HAR of each horizon, by least squares on all rows before the origin.

    A ticker with fewer than `FEWEST_ROWS` rows takes the coefficients of all tickers together.
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Estimate on training and validation part together; it needs no early stopping."""
        rows = fitted_rows(sample, split.both)
        x, log_y = sample.columns(REQUIRED), np.log(sample.target)
        pooled = LogLinear.fit(x[rows], log_y[rows])
        self.models_ = [
            LogLinear.fit(x[mine, ticker], log_y[mine, ticker])
            if mine.sum() >= FEWEST_ROWS
            else pooled
            for ticker, mine in enumerate(rows.T)
        ]
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean variance, corrected from median to mean, (n, N, H)."""
        x = sample.columns(REQUIRED)[origins]
        logs = [model.predict_log(x[:, ticker]) for ticker, model in enumerate(self.models_)]
        return masked(np.exp(np.stack(logs, axis=1)), sample, origins)
