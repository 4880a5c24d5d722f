"""Grids of many tickers, computed in blocks of tickers on all processors."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from volcast.features._typing import FloatArray

TICKERS_PER_BLOCK = 256


def map_tickers(
    function: Callable[..., tuple[FloatArray, ...]], *grids: FloatArray
) -> tuple[FloatArray, ...]:
    """Apply a function of grids (T, N) that treats each ticker alike to blocks of tickers.

    Parameters
    ----------
    function
        Takes grids and returns grids, all with the same tickers.
    grids
        Its arguments, (T, N).

    Returns
    -------
    What `function` returns for whole grids, (T, N) each.

    Examples
    --------
    >>> grid = np.arange(1200.0).reshape(2, 600)
    >>> doubled, = map_tickers(lambda block: (2 * block,), grid)
    >>> bool((doubled == 2 * grid).all())
    True
    """
    count = grids[0].shape[1]
    if count <= TICKERS_PER_BLOCK:
        return function(*grids)
    blocks = [slice(n, n + TICKERS_PER_BLOCK) for n in range(0, count, TICKERS_PER_BLOCK)]
    # NumPy and bottleneck release the interpreter's lock, so that threads are enough.
    with ThreadPoolExecutor() as pool:
        parts = list(pool.map(lambda own: function(*(grid[:, own] for grid in grids)), blocks))
    return tuple(np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
