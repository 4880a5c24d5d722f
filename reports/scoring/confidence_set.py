"""The Model Confidence Set: which models cannot be told from the best one."""

import math

import numpy as np
from numpy.typing import ArrayLike

from volcast.reports.scoring.inference import MIN_DATES, Floats

REPETITIONS, SEED = 1_000, 0
FEWEST_BLOCKS = 20  # with fewer the bootstrap underestimates the variance (benchmarks/size.py)


def block_length(dates: int, horizon: int) -> int:
    """Return the mean length of the bootstrap's blocks: two horizons, at least ``n^(1/3)``.

    Examples
    --------
    >>> [block_length(dates=1000, horizon=horizon) for horizon in (1, 5, 22)]
    [10, 10, 44]
    """
    return max(2 * horizon, round(math.cbrt(dates)))


def model_confidence_set(losses: ArrayLike, horizon: int) -> Floats:
    """Return the Model Confidence Set's p-value of each model (Hansen, Lunde & Nason 2011).

    Parameters
    ----------
    losses
        (dates, models), time ascending, tickers averaged.
    horizon
        Sessions that a target covers.

    Returns
    -------
    ndarray
        Shape (models,). A model whose p-value is below 0.1 is not among the best at 90 %. NaN
        below 30 dates or 20 blocks (`block_length`), or if fewer than two models differ.
        Computed by arch with 1,000 stationary bootstraps of a fixed seed.

    Notes
    -----
    The statistic is the range statistic, the largest t statistic of the difference of two models
    still in the set; the model with the larger loss of that pair is eliminated. The maximum
    statistic measures each model by its distance from the mean of all, in which one model of wild
    losses hides the differences of the others.
    """
    table = np.asarray(losses, dtype=np.float64)
    dates, models = table.shape
    nothing = np.full(models, np.nan)
    first_of = {column.tobytes(): number for number, column in reversed(list(enumerate(table.T)))}
    different = sorted(first_of.values())
    block = block_length(dates, horizon)
    if dates < max(MIN_DATES, FEWEST_BLOCKS * block) or len(different) < 2:
        return nothing
    from arch.bootstrap import MCS

    compared = table[:, different]
    test = MCS(compared, 0.1, reps=REPETITIONS, block_size=block, method="R", seed=SEED)
    test.compute()
    found = test.pvalues["Pvalue"]
    of_column = {column: float(found[place]) for place, column in enumerate(different)}
    return np.array([of_column[first_of[column.tobytes()]] for column in table.T])
