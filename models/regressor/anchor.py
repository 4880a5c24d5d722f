"""The log-linear regression that anchors the forecast, fitted by least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.regressor.scaling import iterate_blocks


@dataclass(frozen=True)
class LogLinear:
    """``log variance = intercept + x @ slopes``, one column per target.

    With the logs of the daily, weekly and monthly mean variance as `x` this is the log-HAR model.
    The intercept includes the smearing correction, the log of the mean of the exponentiated
    residuals, so that the exponential of the forecast is a mean and not a median.

    Attributes
    ----------
    slopes
        (F, H).
    intercept
        (H,).

    References
    ----------
    Corsi (2009), Journal of Financial Econometrics 7, eq. 6, in logs. Duan (1983), Journal of the
    American Statistical Association 78.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> fit = LogLinear.fit(x, 0.5 * x - 9.0)
    >>> fit.slopes.round(6).tolist(), fit.intercept.round(6).tolist()
    ([[0.5]], [-9.0])
    """

    slopes: NDArray[np.float64]
    intercept: NDArray[np.float64]

    @classmethod
    def fit(
        cls, x: NDArray[np.floating], log_y: NDArray[np.floating], *, ridge: float = 0.0
    ) -> LogLinear:
        """Return the least-squares fit of `log_y` (n, H) on `x` (n, F), or the mean if F is 0.

        `ridge` adds ``ridge * |slopes|^2`` to the mean squared error (Hoerl & Kennard 1970).
        """
        level = log_y.mean(axis=0)
        centre = sum(part.sum(axis=0, dtype=np.float64) for part in iterate_blocks(x)) / len(x)
        moments, products = np.zeros((len(centre),) * 2), np.zeros((len(centre), len(level)))
        for part, y in zip(iterate_blocks(x), iterate_blocks(log_y), strict=True):
            centred = part - centre
            moments += centred.T @ centred
            products += centred.T @ (y - level)
        penalised = moments / len(x) + ridge * np.eye(len(centre))
        slopes = np.asarray(np.linalg.lstsq(penalised, products / len(x))[0], dtype=np.float64)
        total = np.zeros_like(level)
        for part, y in zip(iterate_blocks(x), iterate_blocks(log_y), strict=True):
            total += np.exp(y - level - (part - centre) @ slopes).sum(axis=0)
        smearing = np.log(total / len(x))
        return cls(slopes=slopes, intercept=level - centre @ slopes + smearing)

    def predict_log(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the log of the mean variance, (n, H).

        It is summed column by column: in a matrix product the last bit of a row depends on the
        number of rows.
        """
        log_variance = np.repeat(self.intercept[None], len(x), axis=0)
        for column, slope in zip(np.asarray(x, dtype=np.float64).T, self.slopes, strict=True):
            log_variance += column[:, None] * slope
        return log_variance
