"""The training of a vintage: one network for a whole market, fit to be applied to any ticker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecaster import REQUIRED, Float, Sample, select_fit_rows
from volcast.models.pretrained.feature_groups import FeatureGroup, add_indicators, mask_groups
from volcast.models.pretrained.vintage import PERCENTILES, Vintage
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.thinning import thin_rows

VALIDATION_SESSIONS = 250  # a year: a season of reports of every company, four times
# More rows did not make a vintage better on other tickers (docs/experiments.md).
MOST_TRAINING_ROWS, MOST_VALIDATION_ROWS = 1_000_000, 150_000
MASKED_SHARE, MASKED_TOGETHER = 0.25, 0.2  # decision 0033
BLEND = 0.25  # of the ridge regression, as for any panel of many rows
MASK_STREAM, THIN_STREAM = 5, 6  # of the seed


@dataclass(frozen=True, eq=False)
class Market:
    """The tickers of a pretraining.

    Attributes
    ----------
    sample
        Up to the cut-off (`Sample.until`).
    groups
        Features that are made unknown together, at random.
    weight
        Of the rows of each ticker, (N,), so that the kind with the most tickers does not rule.
    left_out
        Tickers that are not trained on, (N,); their last year takes part in the validation.
    """

    sample: Sample
    groups: tuple[FeatureGroup, ...]
    weight: Float
    left_out: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FitRows:
    """Rows to fit on or to stop by: inputs (n, F + G), variances (n, H) and weights (n,)."""

    inputs: NDArray[np.float32]
    variance: Float
    weight: Float


def train_vintage(market: Market, regressor: KerasVolatilityRegressor) -> Vintage:
    """Return a vintage that has seen nothing after the last session of the sample, its last target.

    The last `VALIDATION_SESSIONS` of all tickers stop the training and give the percentiles of the
    errors; the sessions before them, after a purged gap, are trained on.

    Parameters
    ----------
    market
        The tickers.
    regressor
        Unfitted; its columns, blend and level correction are set here.

    Raises
    ------
    ValueError
        There are too few sessions, or no row to train or validate on.
    """
    sample, seed = market.sample, regressor.seed
    training, validation = select_rows(market, seed)
    rng = np.random.default_rng([seed, MASK_STREAM])
    fitted, judged = (build_rows(market, rows, rng) for rows in (training, validation))
    regressor.set_params(
        anchor=list(sample.positions(REQUIRED)),
        levels=list(np.flatnonzero(sample.level)),
        blend=BLEND,
        level_trust=0.0,  # the level of a market's last year says nothing about another ticker
        horizons=sample.horizons,
    )
    regressor.fit(
        fitted.inputs,
        fitted.variance,
        validation_data=(judged.inputs, judged.variance, judged.weight),
        sample_weight=fitted.weight,
    )
    vintage = Vintage(
        # Not that of the rows drawn: outliers are bounded with all sessions of the sample.
        last_target=sample.sessions[-1].astype("datetime64[D]"),
        features=sample.names,
        groups=market.groups,
        horizons=sample.horizons,
        regressor=regressor,
        error_percentiles=np.zeros((len(sample.horizons), len(PERCENTILES))),
    )
    log_error = np.log(sample.target[validation]) - vintage.forecast_log(sample, validation)
    percentiles = np.percentile(log_error, PERCENTILES, axis=0).T
    return replace(vintage, error_percentiles=percentiles)


def select_rows(market: Market, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the rows (T, N) to train on and to validate on.

    Raises
    ------
    ValueError
        There are too few sessions, or no such rows.
    """
    sample, sessions = market.sample, len(market.sample.sessions)
    cut, gap = sessions - VALIDATION_SESSIONS, max(market.sample.horizons)
    if cut - gap < 1:
        raise ValueError(
            f"{sessions} sessions are too few to pretrain on: {VALIDATION_SESSIONS} validate, "
            f"{gap} separate them from the others; choose a later cut-off or an earlier start"
        )
    training = select_fit_rows(sample, slice(0, cut - gap), known_before=cut)
    training &= ~market.left_out
    validation = select_fit_rows(sample, slice(cut, sessions))
    if not training.any() or not validation.any():
        raise ValueError(
            f"no ticker has rows to train on before {str(sample.sessions[cut])[:10]} and to "
            "validate on after; choose a later cut-off, or data with a longer history"
        )
    rng = np.random.default_rng([seed, THIN_STREAM])
    training = thin_rows(training, MOST_TRAINING_ROWS, rng)
    return training, thin_rows(validation, MOST_VALIDATION_ROWS, rng)


def build_rows(market: Market, rows: NDArray[np.bool_], rng: np.random.Generator) -> FitRows:
    """Return the inputs of `rows` (T, N), with groups masked at random, and their targets."""
    x, variance = market.sample.select_fit_data(rows)
    mask_groups(
        *(x, market.sample.names, market.groups, rng),
        share=MASKED_SHARE,
        share_of_all=MASKED_TOGETHER,
    )
    inputs = add_indicators(x, market.sample.names, market.groups)
    return FitRows(inputs, variance, market.weight[np.nonzero(rows)[1]])


def weigh_kinds(kinds: Sequence[str]) -> Float:
    """Return weights of tickers (N,), such that a kind counts with the root of its number.

    Examples
    --------
    >>> weigh_kinds(["stock", "stock", "stock", "stock", "etf"]).tolist()
    [1.0, 1.0, 1.0, 1.0, 2.0]
    """
    _, place, count = np.unique(list(kinds), return_inverse=True, return_counts=True)
    weight = 1.0 / np.sqrt(count)
    return np.asarray(weight[place] / weight.min())
