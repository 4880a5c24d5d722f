"""Tests of forecasts under serial correlation: Diebold-Mariano, Mincer-Zarnowitz, HAC errors.

Targets of horizon h overlap on h - 1 sessions, so losses are serially correlated by construction,
and tickers of one date share the market's surprise. Tests therefore first collapse a panel to one
moment a date (Driscoll and Kraay 1998); its variance is the equal-weighted cosine estimator of
Lazarus, Lewis, Stock and Watson (2018, Journal of Business & Economic Statistics 36), whose
t and F distributions hold in small samples (decision 0021).
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import dct
from scipy.special import fdtrc, stdtr

Floats: TypeAlias = NDArray[np.float64]

MIN_DATES = 30  # below this a long-run variance is too noisy; results are NaN
MIN_TARGETS = 4  # that do not overlap; they leave two degrees of freedom
SHARPE_RATIO, RISK_AVERSION = 0.4, 2.0  # of Bollerslev et al. (2018), section 4.1


@dataclass(frozen=True)
class DieboldMariano:
    """Result of a Diebold-Mariano test; a negative statistic favours the model.

    Attributes
    ----------
    mean_difference
        Mean over dates of the loss of the model minus that of the other, in the unit of the losses.
    statistic, p_value
        Of the hypothesis that the mean is 0, two-sided; NaN if there are too few dates.
    dates
        How many there are.
    degrees_of_freedom
        Of the t distribution that the statistic is compared with.

    Examples
    --------
    >>> DieboldMariano(-0.1, -2.0, 0.05, 250, 20).statistic < 0
    True
    """

    mean_difference: float
    statistic: float
    p_value: float
    dates: int
    degrees_of_freedom: int


@dataclass(frozen=True)
class MincerZarnowitz:
    """Result of ``realized = intercept + slope * forecast``; a perfect forecast has (0, 1).

    Attributes
    ----------
    intercept, slope
        The least-squares line; the intercept is a variance in the unit of the forecasts.
    r2
        The share of the outcomes' variation that the line explains.
    intercept_error, slope_error
        Standard errors, robust to autocorrelation.
    p_value
        Of the hypothesis that the line is (0, 1); NaN if there are too few dates.

    Examples
    --------
    >>> MincerZarnowitz(0.0, 1.1, 0.3, 1e-5, 0.1, 0.4).slope
    1.1
    """

    intercept: float
    slope: float
    r2: float
    intercept_error: float
    slope_error: float
    p_value: float


@dataclass(frozen=True)
class ForecastLine:
    """The least-squares line of Mincer and Zarnowitz, and what its errors are computed from.

    `design` (n, 2), `bread`, the inverse of its moments, `beta` and `residual` are in units of the
    mean outcome, `unit`.
    """

    intercept: float
    slope: float
    r2: float
    unit: float
    design: Floats
    bread: Floats
    beta: Floats
    residual: Floats


def degrees_of_freedom(dates: int, horizon: int) -> int:
    """Return the number of cosines of a long-run variance, which are its degrees of freedom.

    Parameters
    ----------
    dates
        Number n of dates.
    horizon
        Sessions h that a target covers.

    Returns
    -------
    int
        The smaller of ``0.4 n^(2/3)``, rounded, and ``n / (2 h)``, rounded down; at least 1.

    Examples
    --------
    >>> [degrees_of_freedom(dates=1000, horizon=horizon) for horizon in (1, 5, 22)]
    [40, 40, 22]

    Notes
    -----
    The first number is that of Lazarus et al. (2018). The second keeps the cosines to periods of at
    least four horizons, at which a mean over h sessions retains 81 % of its long-run variance; at
    two horizons it retains 41 %, and the estimate would be too low.
    """
    return max(1, min(round(0.4 * math.cbrt(dates) ** 2), dates // (2 * horizon)))


def long_run_covariance(moments: ArrayLike, cosines: int) -> Floats:
    """Return the equal-weighted cosine estimate of a long-run covariance.

    Parameters
    ----------
    moments
        Shape (n,) or (n, k), time ascending; their mean does not matter.
    cosines
        Number of cosine transforms that are averaged, below n; see `degrees_of_freedom`.

    Returns
    -------
    ndarray
        Shape (k, k). With all n - 1 cosines it is the sample covariance.

    Examples
    --------
    >>> long_run_covariance([1.0, 2.0, 4.0, 1.0], cosines=3).round(3)
    array([[2.]])

    Notes
    -----
    The mean of the squares of ``sqrt(2 / n) sum_t y_t cos(pi j (t - 1/2) / n)`` over the first j
    (Lazarus et al. 2018, section 2).
    """
    table = np.asarray(moments, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    transforms = dct(table, type=2, norm="ortho", axis=0)[1 : cosines + 1]
    return np.asarray(transforms.T @ transforms / cosines, dtype=np.float64)


def compute_standard_error(daily: Floats, horizon: int) -> float:
    """Return the standard error of the mean of daily values (n,), which allows for autocorrelation.

    NaN with too few dates for a target of `horizon` sessions.
    """
    if not _enough(len(daily), horizon):
        return float("nan")
    variance = long_run_covariance(daily, degrees_of_freedom(len(daily), horizon))[0, 0]
    return float(np.sqrt(variance / len(daily)))


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


def average_by_date(values: ArrayLike, dates: ArrayLike) -> Floats:
    """Average values by date, dates ascending; the arguments are those of `collapse_by_date`.

    Examples
    --------
    >>> average_by_date([1.0, 2.0, 4.0], ["2018-01-02", "2018-01-02", "2018-01-03"])
    array([1.5, 4. ])
    """
    sums, rows = collapse_by_date(values, dates)
    return np.asarray(sums / (rows if sums.ndim == 1 else rows[:, None]))


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
        Statistic and two-sided p-value are NaN below 30 dates or four horizons, or if all
        differences are equal.

    Examples
    --------
    >>> difference = np.sin(np.arange(100.0) ** 2) - 0.3
    >>> test = diebold_mariano(difference, np.arange(100), horizon=1)
    >>> print(f"t = {test.statistic:.1f} with {test.degrees_of_freedom} degrees of freedom")
    t = -4.4 with 9 degrees of freedom
    """
    daily = average_by_date(difference, dates)
    count, mean = len(daily), float(daily.mean())
    freedom = degrees_of_freedom(count, horizon)
    error = compute_standard_error(daily, horizon)
    if np.isnan(error) or np.ptp(daily) == 0:
        return DieboldMariano(mean, np.nan, np.nan, count, freedom)
    statistic = float(mean / error)
    p_value = float(2 * stdtr(freedom, -abs(statistic)))
    return DieboldMariano(mean, statistic, p_value, count, freedom)


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
        The origin of each row; scores of one date are summed before their variance is estimated.
    horizon
        Sessions that a target covers.

    Returns
    -------
    MincerZarnowitz
        The p-value is of the Wald test of (intercept, slope) = (0, 1), from the F distribution of
        Sun (2013, Econometrics Journal 16). All numbers are NaN if the forecast is constant; the
        errors and the p-value also below 30 dates or four horizons. On variances, which are skewed
        and volatile, the test rejects a right forecast two to four times as often as it says
        (benchmarks/size.py).
    """
    outcome, regressor = (np.asarray(a, dtype=np.float64) for a in (realized, forecast))
    line = fit_forecast_line(outcome, regressor)
    if line is None:
        return MincerZarnowitz(*[np.nan] * 6)
    scores = np.asarray(line.design * line.residual[:, None], dtype=np.float64)
    errors, p_value = _wald(line.beta, line.bread, scores, (dates, horizon))
    own_errors = float(errors[0] * line.unit), float(errors[1])
    return MincerZarnowitz(line.intercept, line.slope, line.r2, *own_errors, p_value)


def fit_forecast_line(outcome: Floats, forecast: Floats) -> ForecastLine | None:
    """Fit ``outcome = intercept + slope * forecast``; None if the forecast is constant."""
    if len(outcome) < 2 or np.ptp(forecast) == 0:
        return None
    # Variances are about 1e-4: in units of their mean the cross products are well conditioned.
    unit = float(outcome.mean())
    design = np.stack([np.ones_like(forecast), forecast / unit], axis=1)
    bread: Floats = np.linalg.inv(design.T @ design).astype(np.float64)
    beta: Floats = np.asarray(bread @ (design.T @ (outcome / unit)), dtype=np.float64)
    residual = outcome / unit - design @ beta
    spread = float(np.sum((outcome / unit - 1.0) ** 2))
    r2 = 1.0 - float(residual @ residual) / spread if spread > 0 else np.nan
    slope = float(beta[1])
    return ForecastLine(float(beta[0]) * unit, slope, r2, unit, design, bread, beta, residual)


def _wald(
    beta: Floats, bread: Floats, scores: Floats, clock: tuple[ArrayLike, int]
) -> tuple[Floats, float]:
    """Return HAC standard errors and the p-value of beta = (0, 1)."""
    dates, horizon = clock
    by_date, _ = collapse_by_date(scores, dates)
    count = len(by_date)
    if not _enough(count, horizon) or not np.any(by_date):
        return np.full(2, np.nan), np.nan
    freedom = degrees_of_freedom(count, horizon)
    covariance = bread @ (long_run_covariance(by_date, freedom) * count) @ bread
    gap = beta - np.array([0.0, 1.0])
    wald = float(gap @ np.linalg.pinv(covariance) @ gap)
    # Hotelling's correction of a Wald statistic for two coefficients.
    p_value = float(fdtrc(2, freedom - 1, wald / 2 * (freedom - 1) / freedom))
    return np.sqrt(np.diag(covariance)), p_value


def _enough(dates: int, horizon: int) -> bool:
    return dates >= max(MIN_DATES, MIN_TARGETS * horizon)
