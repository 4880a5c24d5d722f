"""Tests of forecasts under serial correlation: Diebold-Mariano, Mincer-Zarnowitz, HAC errors.

Targets of horizon h overlap on h - 1 sessions, so losses are serially correlated by construction,
and tickers of one date share the market's surprise. Both tests therefore first collapse a panel to
one moment a date (Driscoll and Kraay 1998), then apply Newey and West (1987).
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.sandwich_covariance import S_hac_simple

Floats: TypeAlias = NDArray[np.float64]

MIN_DATES = 30  # below this a HAC variance is too noisy; results are NaN
MCS_REPETITIONS, MCS_SEED = 1_000, 0
SHARPE_RATIO, RISK_AVERSION = 0.4, 2.0  # of Bollerslev et al. (2018), section 4.1


@dataclass(frozen=True)
class DieboldMariano:
    """Result of a Diebold-Mariano test; a negative statistic favours the model."""

    mean_difference: float
    statistic: float
    p_value: float
    dates: int
    lags: int


@dataclass(frozen=True)
class MincerZarnowitz:
    """Result of ``realized = intercept + slope * forecast``; a perfect forecast has (0, 1)."""

    intercept: float
    slope: float
    r2: float
    intercept_error: float
    slope_error: float
    p_value: float


def newey_west_lags(dates: int, horizon: int) -> int:
    """Return the number of lags for `dates` observations of losses at `horizon` sessions.

    Examples
    --------
    >>> newey_west_lags(dates=400, horizon=1)
    26

    Notes
    -----
    The larger of ``3 (h - 1)`` and ``1.3 sqrt(n)`` (Lazarus, Lewis, Stock and Watson 2018), never
    above ``n - 1``. The Bartlett kernel with the bare h - 1 lags would count only two thirds of the
    variance that overlapping targets cause; with three times as many it counts eight ninths.
    """
    return max(0, min(max(3 * (horizon - 1), math.ceil(1.3 * math.sqrt(dates))), dates - 1))


def degrees_of_freedom(dates: int, lags: int) -> float:
    """Return the equivalent degrees of freedom of a Newey-West variance, ``1.5 n / (lags + 1)``.

    Many lags make the variance itself uncertain; p-values from Student's t with these degrees of
    freedom instead of the normal keep the test near its nominal size (same source).
    """
    return 1.5 * dates / (lags + 1)


def long_run_covariance(moments: ArrayLike, lags: int) -> Floats:
    """Return the Newey-West covariance (k, k) of moments (n, k) with mean zero, time ascending."""
    table = np.asarray(moments, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    return np.asarray(S_hac_simple(table, nlags=lags) / len(table), dtype=np.float64)


def collapse_by_date(values: ArrayLike, dates: ArrayLike) -> tuple[Floats, Floats]:
    """Sum values by date, dates ascending.

    Parameters
    ----------
    values
        Shape (n,) or (n, k).
    dates
        The date of each row, shape (n,).

    Returns
    -------
    tuple of ndarray
        The sums, shape (dates,) or (dates, k), and the number of rows of each date.

    Examples
    --------
    >>> collapse_by_date([1.0, 2.0, 4.0], ["2018-01-02", "2018-01-02", "2018-01-03"])
    (array([3., 4.]), array([2., 1.]))
    """
    table = np.asarray(values, dtype=np.float64)
    _, group = np.unique(np.asarray(dates), return_inverse=True)
    rows = np.bincount(group).astype(np.float64)
    if table.ndim == 1:
        return np.bincount(group, weights=table).astype(np.float64), rows
    sums = [np.bincount(group, weights=column) for column in table.T]
    return np.stack(sums, axis=1).astype(np.float64), rows


def diebold_mariano(difference: ArrayLike, dates: ArrayLike, horizon: int) -> DieboldMariano:
    """Test whether the mean loss difference is zero (Diebold and Mariano 1995).

    Parameters
    ----------
    difference
        Loss of the model minus loss of the baseline, shape (n,), in the units of the loss. Negative
        where the model was better. NaN is not allowed.
    dates
        The origin of each row, shape (n,); repeated dates are tickers of a panel, which are
        averaged first, or the statistic would grow with the square root of their number.
    horizon
        Sessions that a target covers.

    Returns
    -------
    DieboldMariano
        Statistic and two-sided p-value are NaN below 30 dates or two horizons, or if all
        differences are equal.
    """
    sums, rows = collapse_by_date(difference, dates)
    daily = sums / rows
    count, mean = len(daily), float(daily.mean())
    lags = newey_west_lags(count, horizon)
    if count < max(MIN_DATES, 2 * horizon) or np.ptp(daily) == 0:
        return DieboldMariano(mean, np.nan, np.nan, count, lags)
    # Without lags this is the t-test: the covariance divides by n, the sample variance by n - 1.
    error = np.sqrt(long_run_covariance(daily - mean, lags)[0, 0] / (count - 1))
    statistic = float(mean / error)
    p_value = float(2 * stats.t.sf(abs(statistic), degrees_of_freedom(count, lags)))
    return DieboldMariano(mean, statistic, p_value, count, lags)


def model_confidence_set(losses: ArrayLike, horizon: int) -> Floats:
    """Return the Model Confidence Set's p-value of each model (Hansen, Lunde & Nason 2011).

    Parameters
    ----------
    losses
        (dates, models), time ascending, tickers averaged.
    horizon
        Sessions that a target covers; bootstrap blocks are as long as the lags of the HAC errors.

    Returns
    -------
    ndarray
        Shape (models,). A model whose p-value is below 0.1 is not among the best at 90 %. NaN
        below 30 dates or two horizons, or if fewer than two models differ. Computed by arch with
        the maximum statistic and 1,000 stationary bootstraps of a fixed seed.
    """
    table = np.asarray(losses, dtype=np.float64)
    dates, models = table.shape
    nothing = np.full(models, np.nan)
    first_of = {column.tobytes(): number for number, column in reversed(list(enumerate(table.T)))}
    different = sorted(first_of.values())
    if dates < max(MIN_DATES, 2 * horizon) or len(different) < 2:
        return nothing
    from arch.bootstrap import MCS

    block = max(newey_west_lags(dates, horizon), 1)
    test = MCS(table[:, different], 0.1, reps=MCS_REPETITIONS, block_size=block, seed=MCS_SEED)
    test.compute()
    found = test.pvalues["Pvalue"]
    of_column = {column: float(found[place]) for place, column in enumerate(different)}
    return np.array([of_column[first_of[column.tobytes()]] for column in table.T])


def utility(realized: ArrayLike, forecast: ArrayLike) -> Floats:
    """Return the yearly utility, as a share of wealth, of targeting a volatility by each forecast.

    ``SR^2 / gamma * (sqrt(y / p) - y / (2 p))`` with a Sharpe ratio of 0.4 and a risk aversion of
    2: 4 % for a perfect forecast (Bollerslev, Hood, Huss & Pedersen 2018, Review of Financial
    Studies 31, eq. 17). Differences between models are the value of a better forecast.

    Examples
    --------
    >>> utility([1e-4], [1e-4])
    array([0.04])
    """
    ratio = np.asarray(realized, dtype=np.float64) / np.asarray(forecast, dtype=np.float64)
    return np.asarray(SHARPE_RATIO**2 / RISK_AVERSION * (np.sqrt(ratio) - ratio / 2.0))


def mincer_zarnowitz(
    realized: ArrayLike, forecast: ArrayLike, dates: ArrayLike, horizon: int
) -> MincerZarnowitz:
    """Regress the outcome on the forecast (Mincer and Zarnowitz 1969), with HAC errors.

    Parameters
    ----------
    realized, forecast
        Realised and forecast mean daily variance, shape (n,), without NaN.
    dates
        The origin of each row; scores of one date are summed before the Newey-West step.
    horizon
        Sessions that a target covers.

    Returns
    -------
    MincerZarnowitz
        The p-value is of the Wald test of (intercept, slope) = (0, 1). All numbers are NaN if the
        forecast is constant; the errors and the p-value also below 30 dates or two horizons.
    """
    outcome, regressor = (np.asarray(a, dtype=np.float64) for a in (realized, forecast))
    if len(outcome) < 2 or np.ptp(regressor) == 0:
        return MincerZarnowitz(*[np.nan] * 6)
    # Variances are about 1e-4: in units of their mean the cross products are well conditioned.
    unit = float(outcome.mean())
    design = np.stack([np.ones_like(regressor), regressor / unit], axis=1)
    bread: Floats = np.linalg.inv(design.T @ design).astype(np.float64)
    beta: Floats = np.asarray(bread @ (design.T @ (outcome / unit)), dtype=np.float64)
    residual = outcome / unit - design @ beta
    spread = float(np.sum((outcome / unit - 1.0) ** 2))
    r2 = 1.0 - float(residual @ residual) / spread if spread > 0 else np.nan
    scores = np.asarray(design * residual[:, None], dtype=np.float64)
    errors, p_value = _wald(beta, bread, scores, (dates, horizon))
    return MincerZarnowitz(
        float(beta[0]) * unit, float(beta[1]), r2, errors[0] * unit, errors[1], p_value
    )


def _wald(
    beta: Floats, bread: Floats, scores: Floats, clock: tuple[ArrayLike, int]
) -> tuple[Floats, float]:
    """Return HAC standard errors and the p-value of beta = (0, 1)."""
    dates, horizon = clock
    by_date, _ = collapse_by_date(scores, dates)
    count = len(by_date)
    if count < max(MIN_DATES, 2 * horizon) or not np.any(by_date):
        return np.full(2, np.nan), np.nan
    lags = newey_west_lags(count, horizon)
    covariance = bread @ (long_run_covariance(by_date, lags) * count) @ bread
    gap = beta - np.array([0.0, 1.0])
    wald = float(gap @ np.linalg.pinv(covariance) @ gap)
    freedom = degrees_of_freedom(count, lags)
    # Hotelling's correction of a Wald statistic for two coefficients.
    p_value = float(stats.f.sf(wald / 2 * (freedom - 1) / freedom, 2, freedom - 1))
    return np.sqrt(np.diag(covariance)), p_value
