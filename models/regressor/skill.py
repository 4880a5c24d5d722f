"""The skill of variance forecasts by QLIKE, which `KerasVolatilityRegressor.score` returns."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import d2_tweedie_score

GAMMA = 2  # the power of its mean to which the variance of a gamma distribution is proportional


def compute_qlike_skill(
    y: ArrayLike, forecast: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Return ``1 - mean QLIKE of the forecasts / mean QLIKE of a constant``.

    1 is a perfect forecast, 0 as good as the constant, which is the mean of `y`, the best one in
    hindsight; a worse forecast is negative. Several targets are averaged. QLIKE is half the
    deviance of the gamma distribution, and the skill the share of that deviance that is explained.

    Parameters
    ----------
    y, forecast
        The variance that came and its forecast, above 0, (n,) or (n, H), of at least two rows.
    sample_weight
        Weight of each row in the means, (n,).

    References
    ----------
    Patton (2011), Journal of Econometrics 160 (QLIKE). Hastie, Tibshirani & Wainwright (2015),
    Statistical Learning with Sparsity, eq. 3.11 (the share of the deviance).

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 4.0])
    >>> forecast = np.array([1.0, 2.0, 3.0])
    >>> qlike = np.mean(y / forecast - np.log(y / forecast) - 1.0)
    >>> constant = np.mean(y / y.mean() - np.log(y / y.mean()) - 1.0)
    >>> float(np.round(1.0 - qlike / constant, 4)), round(compute_qlike_skill(y, forecast), 4)
    (0.9013, 0.9013)
    """
    arrays = [np.asarray(values, dtype=np.float64) for values in (y, forecast)]
    columns = [values.reshape(len(values), -1).T for values in arrays]
    skills = [
        d2_tweedie_score(*pair, sample_weight=sample_weight, power=GAMMA)
        for pair in zip(*columns, strict=True)
    ]
    return float(np.mean(skills))
