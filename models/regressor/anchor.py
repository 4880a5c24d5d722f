"""The log-linear anchor: the part of the forecast that ordinary least squares explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.regressor.scaling import blocks


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
    def fit(
        cls, x: NDArray[np.floating], log_y: NDArray[np.floating], *, ridge: float = 0.0
    ) -> LogLinear:
        """Return the least-squares fit of `log_y` (n, H) on `x` (n, F); F may be 0: the mean.

        `ridge` adds ``ridge * |slopes|^2`` to the mean squared error (Hoerl & Kennard 1970).
        """
        level = log_y.mean(axis=0)
        centre = sum(part.sum(axis=0, dtype=np.float64) for part in blocks(x)) / len(x)
        moments, products = np.zeros((len(centre),) * 2), np.zeros((len(centre), len(level)))
        for part, y in zip(blocks(x), blocks(log_y), strict=True):
            centred = part - centre
            moments += centred.T @ centred
            products += centred.T @ (y - level)
        penalised = moments / len(x) + ridge * np.eye(len(centre))
        slopes = np.asarray(np.linalg.lstsq(penalised, products / len(x))[0], dtype=np.float64)
        total = np.zeros_like(level)
        for part, y in zip(blocks(x), blocks(log_y), strict=True):
            total += np.exp(y - level - (part - centre) @ slopes).sum(axis=0)
        smearing = np.log(total / len(x))
        return cls(slopes=slopes, intercept=level - centre @ slopes + smearing)

    def predict_log(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the log of the mean variance, (n, H).

        Added up column by column: a matrix product would let a row's last bit depend on how many
        rows there are.
        """
        log_variance = np.repeat(self.intercept[None], len(x), axis=0)
        for column, slope in zip(np.asarray(x, dtype=np.float64).T, self.slopes, strict=True):
            log_variance += column[:, None] * slope
        return log_variance
