"""Log-HAR models by least squares: a ticker's own, pooled, and on all features."""

from __future__ import annotations

from typing import Self

import numpy as np

from volcast.models.forecaster import (
    REQUIRED,
    Float,
    Forecaster,
    Sample,
    Split,
    forecast_usable_rows,
    mask_unusable,
    select_fit_rows,
)
from volcast.models.regressor.anchor import LogLinear
from volcast.models.regressor.preprocessing import LinearCorrection

FEWEST_ROWS = 250  # a year; below that a ticker takes the pooled coefficients


class LogHAR(Forecaster):
    """Direct log-HAR of each horizon, ticker by ticker, on all rows before the origin.

    A ticker with fewer than `FEWEST_ROWS` rows takes the coefficients of all tickers together.

    Parameters
    ----------
    window
        Fit on no more than so many of the latest sessions; None takes all.
    """

    def __init__(self, window: int | None = None) -> None:
        self.window = window

    def fit(self, sample: Sample, split: Split) -> Self:
        """Estimate on training and validation part together; it needs no early stopping."""
        rows = select_fit_rows(sample, _latest(split.both, self.window))
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
        return mask_unusable(np.exp(np.stack(logs, axis=1)), sample, origins)


class PooledHAR(Forecaster):
    """Direct log-HAR of each horizon with the same coefficients for all tickers."""

    def fit(self, sample: Sample, split: Split) -> Self:
        """Estimate on training and validation part together."""
        rows = select_fit_rows(sample, split.both)
        self.model_ = LogLinear.fit(sample.columns(REQUIRED)[rows], np.log(sample.target[rows]))
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean variance, (n, N, H)."""
        x = sample.columns(REQUIRED)[origins]
        logs = self.model_.predict_log(x.reshape(-1, len(REQUIRED)))
        return mask_unusable(np.exp(logs).reshape(*x.shape[:2], -1), sample, origins)


class HARX(Forecaster):
    """Pooled HAR plus a ridge regression of its error on every feature that the network has.

    What it gains over HAR is information; what the network gains over it is the network's. It
    sees what the network sees: levels relative to HAR, standardised, bounded, missing ones at
    their mean.
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Estimate on training and validation part together."""
        rows = select_fit_rows(sample, split.both)
        self.model_ = LinearCorrection.fit(
            sample.x[rows],
            np.log(sample.target[rows]),
            sample.positions(REQUIRED),
            np.flatnonzero(sample.level),
        )
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean variance, (n, N, H)."""
        return forecast_usable_rows(sample, origins, lambda x: np.exp(self.model_.predict_log(x)))


def _latest(part: slice, window: int | None) -> slice:
    """Return the last `window` sessions of `part`."""
    return part if window is None else slice(max(part.start, part.stop - window), part.stop)
