"""Forecasts of a sample, block of origins by block: the inputs of a large panel are never held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from volcast.models.forecaster import Float, Sample
from volcast.models.processors import count_processors

CELLS_PER_BLOCK = 200_000  # sessions times tickers, whose features are held at once
ROWS_PER_PART = 50_000  # that a thread forecasts


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
    without a row to forecast is left out.

    Parameters
    ----------
    sample, origins
        What is forecast, and when.
    predict
        Maps features (rows, F) to an array (..., rows, H), of which a row must not depend on the
        others: parts of many rows are computed in threads.
    """
    forecastable, x = sample.forecastable()[origins], sample.x[origins]
    size = max(CELLS_PER_BLOCK // max(forecastable.shape[1], 1), 1)
    with ThreadPoolExecutor(count_processors()) as pool:
        for start in range(0, len(forecastable), size):
            block = slice(start, start + size)
            rows = forecastable[block]
            if rows.any():
                own = x[block][rows]
                if len(own) <= ROWS_PER_PART:
                    yield block, rows, predict(own)
                else:
                    firsts = range(0, len(own), ROWS_PER_PART)
                    parts = [own[first : first + ROWS_PER_PART] for first in firsts]
                    yield block, rows, np.concatenate(list(pool.map(predict, parts)), axis=-2)
