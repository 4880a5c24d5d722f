"""Log-HAR with leverage (LHAR): negative past returns added, by ticker or pooled."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd

from volcast.models.baselines.har import fit_by_ticker, forecast_by_ticker, select_har_data
from volcast.models.baselines.naive import SHARE_NEEDED
from volcast.models.forecaster import (
    REQUIRED,
    Float,
    Forecaster,
    Sample,
    Split,
    select_fit_rows,
)
from volcast.models.regressor.anchor import LogLinear

WINDOWS = (1, 5, 22)  # sessions: day, week, month
PERCENT = 100.0  # returns in percent are about as large as logs of variances


class LHAR(Forecaster):
    """Log-HAR plus the negative parts of the mean return of the last day, week and month.

    ``log v(t+1 .. t+h) = b_0 + b_1 har_1 + b_2 har_5 + b_3 har_22 + c_1 r_1 + c_2 r_5 + c_3 r_22``,
    where ``r_n = min(mean return of t-n+1 .. t, 0)``: volatility rises after losses, and longer
    after losses over a month. Rows, smearing and the coefficients of a ticker with few rows are
    those of `LogHAR`.

    Parameters
    ----------
    pooled
        Whether all tickers have the same coefficients.

    References
    ----------
    Corsi & Reno (2012), Journal of Business & Economic Statistics 30, eq. 2.4 without jumps.
    """

    def __init__(self, *, pooled: bool = False) -> None:
        self.pooled = pooled

    def fit(self, sample: Sample, split: Split) -> Self:
        """Fit on the rows of the training and validation parts together."""
        rows = select_fit_rows(sample, split.both)
        har, log_y = select_har_data(sample, rows)
        negative = PERCENT * compute_negative_returns(sample.log_return)
        # The month after an ignored session has no returns to learn from.
        distorted = sample.bounded.distorted[..., None]
        x = np.concatenate([har, np.where(distorted, 0.0, negative)[rows]], axis=1)
        if self.pooled:
            self.models_ = [LogLinear.fit(x, log_y)] * rows.shape[1]
        else:
            self.models_ = fit_by_ticker(x, log_y, rows)
        return self

    def forecast(self, sample: Sample, origins: slice) -> Float:
        """Return the mean daily variance, (n, N, H); NaN where not forecastable."""
        return forecast_by_ticker(self.models_, _build_inputs(sample, origins), sample, origins)


def compute_negative_returns(log_return: Float) -> Float:
    """Return the negative part of the mean return of the last day, week and month.

    Parameters
    ----------
    log_return
        (T, N), in natural units, NaN where missing.

    Returns
    -------
    negative
        (T, N, 3), at most 0; row t uses returns up to session t. It is 0, no news, where fewer than
        60 % of the returns of a window are known.

    Examples
    --------
    >>> compute_negative_returns(np.array([[0.02], [-0.01], [-0.01], [-0.05]]))[3, 0]
    array([-0.05  , -0.0125,  0.    ])
    """
    returns = pd.DataFrame(log_return)
    means = [
        returns.rolling(window, min_periods=int(np.ceil(SHARE_NEEDED * window))).mean()
        for window in WINDOWS
    ]
    negative = np.minimum(np.stack([mean.to_numpy() for mean in means], axis=-1), 0.0)
    return np.asarray(np.nan_to_num(negative))


def _build_inputs(sample: Sample, origins: slice) -> Float:
    """Return the inputs of the regression, (n, N, 6)."""
    negative = PERCENT * compute_negative_returns(sample.log_return)[origins]
    return np.concatenate([sample.columns(REQUIRED, origins), negative], axis=2)
