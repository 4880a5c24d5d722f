"""The log-linear regression that anchors the forecast, fitted by robust least squares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.regressor.error_bounds import Weight, bound_errors, compute_smearing
from volcast.models.regressor.scaling import iterate_blocks

Float = NDArray[np.float64]

MARGIN = np.log(10.0)  # a variance ten times as large, or as small, as any that was seen
LARGEST_INPUT = 1e30  # of |x|: beyond it a product with a slope could overflow
KEPT_CELLS = 2**21  # inputs that are centred once and kept, 16 MiB
MOST_FITS, CONVERGED = 20, 1e-4  # of pseudo-values; of the largest change of one of them


@dataclass(frozen=True)
class LogLinear:
    """``log variance = intercept + x @ slopes``, one column per target.

    With the logs of the daily, weekly and monthly mean variance as `x` this is the log-HAR model.
    The intercept includes the smearing correction, the log of the mean of the exponentiated
    residuals, so that the exponential of the forecast is a mean and not a median.

    Errors beyond `error_bounds.BOUND` spreads count as that bound, in the regression and in the
    smearing: it is Huber's M-estimator with so wide a bound that without outliers it is least
    squares. A forecast is at most `MARGIN` beyond the log variances that were fitted.

    Attributes
    ----------
    slopes
        (F, H).
    intercept
        (H,).
    lowest, highest
        The bounds of a forecast, (H,).

    References
    ----------
    Corsi (2009), Journal of Financial Econometrics 7, eq. 6, in logs. Duan (1983), Journal of the
    American Statistical Association 78. Huber (1981), Robust Statistics, section 7.8 (fits of
    pseudo-values).

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> fit = LogLinear.fit(x, 0.5 * x - 9.0)
    >>> fit.slopes.round(6).tolist(), fit.intercept.round(6).tolist()
    ([[0.5]], [-9.0])
    >>> fit.predict_log(np.array([[800.0]])).round(2).tolist()
    [[-5.7]]
    """

    slopes: Float
    intercept: Float
    lowest: Float
    highest: Float

    @classmethod
    def fit(
        cls,
        x: NDArray[np.floating],
        log_y: Float,
        *,
        ridge: float = 0.0,
        weight: Weight = None,
    ) -> LogLinear:
        """Return the fit of `log_y` (n, H) on `x` (n, F), or the mean if F is 0.

        `ridge` adds ``ridge * |slopes|^2`` to the mean squared error (Hoerl & Kennard 1970). Rows
        of `weight` (n,) count as if they were repeated as often; none may be 0.
        """
        problem = _LeastSquares(x, ridge, weight)
        target, slopes, level = log_y, *problem.solve(log_y)
        for _ in range(MOST_FITS):
            fitted = problem.fit_rows(slopes) + level
            error = bound_errors(log_y - fitted, weight)
            previous, target = target, fitted + error
            if np.array_equal(error, log_y - fitted) or _is_close(target, previous):
                break
            slopes, level = problem.solve(target)
        smearing = compute_smearing(log_y - fitted, weight)
        return cls(
            slopes=slopes,
            intercept=level - problem.centre @ slopes + smearing,
            lowest=target.min(axis=0) - MARGIN,
            highest=target.max(axis=0) + MARGIN,
        )

    def predict_log(self, x: NDArray[np.floating]) -> Float:
        """Return the log of the mean variance, (n, H), within the bounds.

        It is summed column by column: in a matrix product the last bit of a row depends on the
        number of rows.
        """
        log_variance = np.repeat(self.intercept[None], len(x), axis=0)
        for column, slope in zip(np.asarray(x, dtype=np.float64).T, self.slopes, strict=True):
            bounded = np.clip(column, -LARGEST_INPUT, LARGEST_INPUT)
            log_variance += bounded[:, None] * slope
        return self.bound(log_variance)

    def bound(self, log_variance: Float) -> Float:
        """Return forecasts (..., H), at most `MARGIN` beyond the log variances that were fitted."""
        return np.clip(log_variance, self.lowest, self.highest)


class _LeastSquares:
    """Weighted ridge regressions on the same inputs, block by block."""

    def __init__(self, x: NDArray[np.floating], ridge: float, weight: Weight) -> None:
        self.x = x
        self.weight = weight
        self.total = float(len(x)) if weight is None else float(weight.sum())
        self.centre = np.zeros(x.shape[1])
        for rows in iterate_blocks(len(x)):
            self.centre += self._weigh(x[rows], rows).sum(axis=0, dtype=np.float64)
        self.centre /= self.total
        self._kept = list(self._iterate_centred()) if x.size <= KEPT_CELLS else None
        moments = np.zeros((x.shape[1],) * 2)
        for rows, centred in self._list_centred():
            moments += centred.T @ self._weigh(centred, rows)
        self.moments = moments / self.total + ridge * np.eye(x.shape[1])

    def solve(self, y: Float) -> tuple[Float, Float]:
        """Return slopes (F, H), and the level (H,) of y at the centre of x."""
        level = np.average(y, axis=0, weights=self.weight)
        products = np.zeros((self.x.shape[1], y.shape[1]))
        for rows, centred in self._list_centred():
            products += centred.T @ self._weigh(y[rows] - level, rows)
        slopes = np.linalg.lstsq(self.moments, products / self.total)[0]
        return np.asarray(slopes, dtype=np.float64), np.asarray(level)

    def fit_rows(self, slopes: Float) -> Float:
        """Return the fitted deviations from the level, (n, H)."""
        return np.concatenate([centred @ slopes for _, centred in self._list_centred()])

    def _list_centred(self) -> Iterable[tuple[slice, Float]]:
        """Return blocks of rows and their centred inputs: all of a small problem are kept."""
        return self._iterate_centred() if self._kept is None else self._kept

    def _iterate_centred(self) -> Iterator[tuple[slice, Float]]:
        for rows in iterate_blocks(len(self.x)):
            yield rows, self.x[rows] - self.centre

    def _weigh(self, values: NDArray[np.floating], rows: slice) -> NDArray[np.floating]:
        return values if self.weight is None else values * self.weight[rows, None]


def _is_close(target: Float, previous: Float) -> bool:
    return bool(np.abs(target - previous).max() <= CONVERGED)
