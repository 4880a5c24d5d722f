"""Forecasts of a sample, block of origins by block: the inputs of a large panel are never held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecaster import Float, Sample

CELLS_PER_BLOCK = 200_000  # sessions times tickers, that are forecast at once


def forecast_rows(
    sample: Sample, origins: slice, predict: Callable[[NDArray[np.float32]], Float]
) -> Float:
    """Return the forecasts of `predict` at the forecastable origins, else NaN, (n, N, H).

    `predict` maps features (rows, F) to variances (rows, H). Long-run features may be missing.
    """
    variance = np.full(sample.target[origins].shape, np.nan)
    for block, rows, found in predict_blocks(sample, origins, predict):
        variance[block][rows] = found
    return variance


def predict_blocks(
    sample: Sample, origins: slice, predict: Callable[[NDArray[np.float32]], Float]
) -> Iterator[tuple[slice, NDArray[np.bool_], Float]]:
    """Yield blocks of the origins, their rows to forecast (b, N), and what is predicted for them.

    A block has about `CELLS_PER_BLOCK` cells: the inputs of a large panel are not held at once. One
    without a row to forecast is left out. Several blocks are computed in threads; `predict` maps
    features (rows, F) to an array, of which a row must not depend on the others.
    """
    forecastable, x = sample.forecastable()[origins], sample.x[origins]
    size = max(CELLS_PER_BLOCK // max(forecastable.shape[1], 1), 1)
    starts = range(0, len(forecastable), size)
    blocks = [slice(start, start + size) for start in starts]
    blocks = [block for block in blocks if forecastable[block].any()]
    if len(blocks) == 1:
        rows = forecastable[blocks[0]]
        yield blocks[0], rows, predict(x[blocks[0]][rows])
        return
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda block: predict(x[block][forecastable[block]]), blocks)
        for block, values in zip(blocks, found, strict=True):
            yield block, forecastable[block], values
