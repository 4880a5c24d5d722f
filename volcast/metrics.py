"""Losses and tests of volatility forecasts, on variances, as plain functions of arrays.

`qlike_scorer` is the `scoring` of scikit-learn's model selection.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import make_scorer

from volcast.reports.scoring import inference, scored_rows
from volcast.reports.scoring.inference import DieboldMariano, MincerZarnowitz

__all__ = [
    "DieboldMariano",
    "MincerZarnowitz",
    "diebold_mariano",
    "mincer_zarnowitz",
    "qlike",
    "qlike_losses",
    "qlike_scorer",
]


def qlike_losses(realized: ArrayLike, forecast: ArrayLike) -> NDArray[np.float64]:
    """Return the QLIKE loss of each forecast, ``y/p - log(y/p) - 1`` (Patton 2011).

    Parameters
    ----------
    realized, forecast
        Realised and forecast variances above 0, of the same shape and in the same unit.

    Returns
    -------
    ndarray
        Losses without a unit, 0 for a perfect forecast.

    Raises
    ------
    ValueError
        The shapes differ, or a value is not a positive number.

    Examples
    --------
    >>> qlike_losses([1e-4, 2e-4], [1e-4, 1e-4]).round(3).tolist()
    [0.0, 0.307]
    """
    outcome, predicted = _check_variances(realized, forecast)
    return scored_rows.qlike(outcome, predicted)


def qlike(
    realized: ArrayLike, forecast: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the mean QLIKE loss; the arguments are in the order of scikit-learn's metrics.

    It ranks forecasts correctly although realised variance is a noisy measure (Patton 2011).

    Parameters
    ----------
    realized, forecast
        Realised and forecast variances above 0, (n,) or (n, H), in the same unit.
    sample_weight
        Weights of the rows, (n,).

    Returns
    -------
    float
        Without a unit; lower is better.

    Raises
    ------
    ValueError
        The shapes differ, or a value is not a positive number.

    References
    ----------
    Patton (2011), Journal of Econometrics 160.

    Examples
    --------
    >>> round(qlike([1e-4, 2e-4], [1e-4, 1e-4]), 3)
    0.153
    """
    losses = qlike_losses(realized, forecast)
    by_row = losses.reshape(len(losses), -1).mean(axis=1)
    weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    return float(np.average(by_row, weights=weight))


def diebold_mariano(
    loss: ArrayLike,
    baseline_loss: ArrayLike,
    *,
    dates: ArrayLike | None = None,
    horizon: int = 1,
) -> DieboldMariano:
    """Test whether two forecasts are equally good (Diebold and Mariano 1995).

    Parameters
    ----------
    loss, baseline_loss
        The losses of both forecasts on the same rows, (n,), such as `qlike_losses`.
    dates
        The origin of each row; rows of one date, tickers of a panel, are averaged first, or the
        statistic would grow with the square root of their number. None: each row is a date, in
        time order.
    horizon
        Sessions that a target covers; targets of longer ones overlap.

    Returns
    -------
    DieboldMariano
        `mean_difference`, `statistic`, `p_value` (two-sided), `dates`, `degrees_of_freedom`; a
        negative statistic favours the first forecast. NaN below 30 dates or four horizons.

    Raises
    ------
    ValueError
        The lengths differ, or a loss is NaN.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> realized = rng.chisquare(5, 500) / 5
    >>> test = diebold_mariano(
    ...     qlike_losses(realized, np.full(500, 1.0)), qlike_losses(realized, np.full(500, 2.0))
    ... )
    >>> test.statistic < -5, test.dates
    (True, 500)
    """
    one, other = (np.asarray(each, dtype=np.float64) for each in (loss, baseline_loss))
    _check_lengths(one, other, dates)
    if np.isnan(one).any() or np.isnan(other).any():
        raise ValueError("losses must not be NaN; leave those rows out of both")
    return inference.diebold_mariano(one - other, _fill_dates(dates, len(one)), horizon)


def mincer_zarnowitz(
    realized: ArrayLike,
    forecast: ArrayLike,
    *,
    dates: ArrayLike | None = None,
    horizon: int = 1,
) -> MincerZarnowitz:
    """Regress the outcome on the forecast: an unbiased one has the intercept 0 and the slope 1.

    Parameters
    ----------
    realized, forecast
        Realised and forecast variances above 0, (n,).
    dates, horizon
        See `diebold_mariano`.

    Returns
    -------
    MincerZarnowitz
        `intercept`, `slope`, `r2`, `intercept_error`, `slope_error` and `p_value`, that of the test
        of (0, 1). On variances, which are skewed, the test rejects a right forecast more often than
        it says.

    Raises
    ------
    ValueError
        The shapes differ, or a value is not a positive number.

    References
    ----------
    Mincer and Zarnowitz (1969), Economic Forecasts and Expectations, NBER.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> forecast = np.exp(rng.normal(size=2000))
    >>> line = mincer_zarnowitz(forecast * rng.chisquare(5, 2000) / 5, forecast)
    >>> 0.8 < line.slope < 1.2
    True
    """
    outcome, predicted = _check_variances(realized, forecast)
    _check_lengths(outcome, predicted, dates)
    return inference.mincer_zarnowitz(outcome, predicted, _fill_dates(dates, len(outcome)), horizon)


qlike_scorer: Any = make_scorer(qlike, greater_is_better=False)


def _check_variances(
    realized: ArrayLike, forecast: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    outcome, predicted = (np.asarray(each, dtype=np.float64) for each in (realized, forecast))
    if outcome.shape != predicted.shape:
        raise ValueError(
            f"realized and forecast must have the same shape; got {outcome.shape} and "
            f"{predicted.shape}"
        )
    for name, values in (("realized", outcome), ("forecast", predicted)):
        if not (np.isfinite(values) & (values > 0)).all():
            raise ValueError(
                f"{name} must hold positive numbers; leave out rows whose variance is 0, "
                "negative or missing"
            )
    return outcome, predicted


def _check_lengths(
    one: NDArray[np.float64], other: NDArray[np.float64], dates: ArrayLike | None
) -> None:
    lengths = {len(one), len(other), len(one) if dates is None else len(np.asarray(dates))}
    if len(lengths) > 1 or one.ndim > 1 or other.ndim > 1:
        raise ValueError("both arrays and dates must be of one length and one-dimensional")


def _fill_dates(dates: ArrayLike | None, count: int) -> ArrayLike:
    return np.arange(count) if dates is None else dates
