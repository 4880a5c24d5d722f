"""Log-HAR models by least squares: by ticker, pooled, and extended by all features (HAR-X)."""

from __future__ import annotations

from collections.abc import Sequence
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
    mask_unforecastable,
    select_fit_rows,
)
from volcast.models.regressor.anchor import LogLinear
from volcast.models.regressor.preprocessing import LinearCorrection
from volcast.models.thinning import MOST_FIT_ROWS, thin_rows

FEWEST_ROWS = 250  # a year; with fewer a ticker takes the pooled coefficients


class LogHAR(Forecaster):
    """Log-HAR by ticker: for each horizon a regression on daily, weekly and monthly variance.

    ``log v(t+1 .. t+h) = b_0 + b_1 har_1 + b_2 har_5 + b_3 har_22``, on all rows before the origin.
    The forecast is corrected from median to mean by smearing. Outliers are bounded in the fit. A
    ticker with fewer than `FEWEST_ROWS` rows takes the coefficients fitted to all tickers together.

    Parameters
    ----------
    window
        Number of most recent sessions to fit on; None uses all.

    References
    ----------
    Corsi (2009), Journal of Financial Econometrics 7, eq. 6, in logs. Duan (1983), Journal of the
    American Statistical Association 78 (smearing).
    """

    def __init__(self, window: int | None = None) -> None:
        self.window = window

    def fit(self, sample: Sample, split: Split) -> Self:
        """Fit on the rows of the training and validation parts together."""
        rows = select_fit_rows(sample, _latest(split.both, self.window))
        x, log_y = select_har_data(sample, rows)
        self.models_ = fit_by_ticker(x, log_y, rows)
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance, (n, N, H); NaN where not forecastable."""
        return forecast_by_ticker(self.models_, sample.columns(REQUIRED, origins), sample, origins)


class PooledHAR(Forecaster):
    """Log-HAR as in `LogHAR`, with the same coefficients for all tickers."""

    def fit(self, sample: Sample, split: Split) -> Self:
        """Fit on the rows of the training and validation parts together."""
        rows = select_fit_rows(sample, split.both)
        self.model_ = fit_pooled(*select_har_data(sample, rows))
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance, (n, N, H); NaN where not forecastable."""
        x = sample.columns(REQUIRED, origins)
        logs = self.model_.predict_log(x.reshape(-1, len(REQUIRED)))
        return mask_unforecastable(np.exp(logs).reshape(*x.shape[:2], -1), sample, origins)


class HARX(Forecaster):
    """Pooled HAR plus a ridge regression of its error on every feature of the network.

    It has the same inputs as the network: levels relative to HAR, standardised, clipped, and
    missing values at their mean. Its gain over HAR is due to the features; the gain of the network
    over it is due to the network.

    References
    ----------
    Hoerl & Kennard (1970), Technometrics 12 (ridge regression).
    """

    def fit(self, sample: Sample, split: Split) -> Self:
        """Fit on the rows of the training and validation parts together."""
        rows = thin_rows(
            select_fit_rows(sample, split.both), MOST_FIT_ROWS, np.random.default_rng(0)
        )
        x, target = sample.select_fit_data(rows)
        columns = sample.positions(REQUIRED), np.flatnonzero(sample.level)
        self.model_ = LinearCorrection.fit(x, np.log(target), *columns)
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance, (n, N, H); NaN where not forecastable."""
        return forecast_rows(sample, origins, lambda x: np.exp(self.model_.predict_log(x)))


def fit_pooled(x: NDArray[np.floating], log_y: Float) -> LogLinear:
    """Return the regression of all rows, or of `MOST_FIT_ROWS` of them drawn at random."""
    if len(x) > MOST_FIT_ROWS:
        chosen = np.random.default_rng(0).choice(len(x), MOST_FIT_ROWS, replace=False)
        return LogLinear.fit(x[chosen], log_y[chosen])
    return LogLinear.fit(x, log_y)


def fit_by_ticker(
    x: NDArray[np.floating], log_y: Float, rows: NDArray[np.bool_]
) -> list[LogLinear]:
    """Return the regression of each ticker on its rows, or the pooled one if it has few.

    `x` is (n, F) and `log_y` (n, H), of the n `rows` (T, N) in their order.
    """
    pooled, tickers = fit_pooled(x, log_y), np.nonzero(rows)[1]
    counts = rows.sum(axis=0)
    parts = np.split(np.argsort(tickers, kind="stable"), counts.cumsum()[:-1])
    return [
        LogLinear.fit(x[own], log_y[own]) if len(own) >= FEWEST_ROWS else pooled for own in parts
    ]


def forecast_by_ticker(
    models: Sequence[LogLinear], x: NDArray[np.floating], sample: Sample, origins: slice
) -> Float:
    """Return the forecasts of each ticker's regression on `x` (n, N, F), (n, N, H).

    They are NaN where not forecastable.
    """
    logs = [model.predict_log(x[:, ticker]) for ticker, model in enumerate(models)]
    return mask_unforecastable(np.exp(np.stack(logs, axis=1)), sample, origins)


def select_har_data(sample: Sample, rows: NDArray[np.bool_]) -> tuple[NDArray[np.float32], Float]:
    """Return the features of HAR (n, 3) and the log targets (n, H) of `rows` (T, N)."""
    x, target = sample.select_fit_data(rows, REQUIRED)
    return x, np.log(target)


def _latest(part: slice, window: int | None) -> slice:
    """Return the last `window` sessions of `part`."""
    return part if window is None else slice(max(part.start, part.stop - window), part.stop)
