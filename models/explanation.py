"""Which features move a forecast: the difference from a usual day, attributed to each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecaster import YEAR, Float, Sample

PERMUTATIONS = 32  # half of them reversed; twice as many change the largest shares by about 1 %

Rows = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class InputRows:
    """The features of a forecast of each ticker, and what they usually are.

    Attributes
    ----------
    names
        Of the F features.
    tickers
        Of the N tickers.
    newest
        (N, F), at the close of the origin; NaN if unknown.
    usual
        (N, F), the means over the 250 sessions up to the origin; NaN if never known.
    """

    names: tuple[str, ...]
    tickers: tuple[str, ...]
    newest: Rows
    usual: Rows


def select_input_rows(
    sample: Sample, tickers: Sequence[str], origins: Mapping[str, int]
) -> InputRows:
    """Return the features that forecasts were made from.

    Parameters
    ----------
    sample
        All features; its N tickers are `tickers`.
    tickers
        The names of its tickers.
    origins
        Ticker to the position of the session that it is forecast from.
    """
    shape = (len(origins), len(sample.names))
    newest, usual = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for row, (ticker, at) in enumerate(origins.items()):
        own = sample.x[max(at + 1 - YEAR, 0) : at + 1, list(tickers).index(ticker)]
        known = np.isfinite(own)
        count = known.sum(axis=0)
        total = np.where(known, own, 0.0).sum(axis=0, dtype=np.float64)
        newest[row] = own[-1]
        usual[row] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return InputRows(sample.names, tuple(origins), newest, usual)


def attribute_change(
    predict: Callable[[Rows], Float],
    usual: Rows,
    newest: Rows,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Float:
    """Return how much each feature adds to the change of a prediction, its Shapley value.

    Features are changed one after the other from their usual value to the newest one, in random
    orders and the reverse of each; a feature's share is the mean of the steps at which it changed.
    The shares sum to the change of the prediction exactly, whatever the number of orders.

    Parameters
    ----------
    predict
        Maps rows (n, F) to predictions (n, H).
    usual, newest
        (F,), the two rows; features that are equal, or unknown in both, have a share of 0.
    permutations
        The number of orders, an even number.
    seed
        Of the orders.

    Returns
    -------
    (F, H), in the unit of the prediction.

    References
    ----------
    Castro, Gomez & Tejada (2009), Computers & Operations Research 36. Reversed orders: Mitchell et
    al. (2022), Journal of Machine Learning Research 23.

    Examples
    --------
    >>> shares = attribute_change(
    ...     lambda x: x[:, :1] * x[:, 1:], np.zeros(2, np.float32), np.ones(2, np.float32)
    ... )
    >>> shares.tolist()
    [[0.5], [0.5]]
    """
    if permutations < 2 or permutations % 2:
        raise ValueError(f"permutations must be an even number above 0, not {permutations}")
    moved = np.flatnonzero(~((usual == newest) | (np.isnan(usual) & np.isnan(newest))))
    rng = np.random.default_rng(seed)
    half = [rng.permutation(moved) for _ in range(permutations // 2)]
    orders = [order for each in half for order in (each, each[::-1])]
    paths = np.repeat(usual[None], len(orders) * (len(moved) + 1), axis=0)
    paths = paths.reshape(len(orders), len(moved) + 1, -1)
    for path, order in zip(paths, orders, strict=True):
        for step, feature in enumerate(order, start=1):
            path[step:, feature] = newest[feature]
    predicted = predict(paths.reshape(-1, len(usual)))
    steps = np.diff(predicted.reshape(len(orders), len(moved) + 1, -1), axis=1)
    shares = np.zeros((len(usual), steps.shape[2]))
    for order, own in zip(orders, steps, strict=True):
        shares[order] += own / len(orders)
    return shares
