"""The log-linear anchor: the part of the forecast that ordinary least squares explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LogLinear:
    """``log variance = intercept + x @ slopes``, one column a target.

    With the logs of the daily, weekly and monthly mean variance as `x` this is the log-HAR model
    (Corsi 2009, Journal of Financial Econometrics 7, eq. 6, in logs). The intercept holds the
    smearing correction (Duan 1983, JASA 78): the log of the mean of the exponentiated residuals, so
    that the exponential of the forecast is a mean and not a median.
    """

    slopes: NDArray[np.float64]
    intercept: NDArray[np.float64]

    @classmethod
    def fit(cls, x: NDArray[np.floating], log_y: NDArray[np.floating]) -> LogLinear:
        """Return the least-squares fit of `log_y` (n, H) on `x` (n, F); F may be 0: the mean."""
        design = np.column_stack([np.ones(len(x)), np.asarray(x, dtype=np.float64)])
        coefficients, *_ = np.linalg.lstsq(design, log_y, rcond=None)
        residual = log_y - design @ coefficients
        smearing = np.log(np.mean(np.exp(residual), axis=0))
        return cls(slopes=coefficients[1:], intercept=coefficients[0] + smearing)

    def predict_log(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the log of the mean variance, (n, H).

        Added up column by column: a matrix product would let a row's last bit depend on how many
        rows there are.
        """
        log_variance = np.repeat(self.intercept[None], len(x), axis=0)
        for column, slope in zip(np.asarray(x, dtype=np.float64).T, self.slopes, strict=True):
            log_variance += column[:, None] * slope
        return log_variance
