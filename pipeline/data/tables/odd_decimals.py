"""Prices with another number of decimals than all others of their file.

Where all prices but one or two are written with two decimals, 3622.3417 or 3725.0 is likely a slip
or damage, and is reported.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

LEAST_PRICES = 50  # of fewer, the number of decimals says nothing: zeros at the end may be cut off
MOST_ODD = 2
TOLERANCE = 1e-4  # of a price in units of its last decimal


def find_odd_decimals(text: Any, sign: str) -> NDArray[np.int64]:
    """Return the positions of the cells with another number of decimals than all others.

    Parameters
    ----------
    text
        An array of text, as `strip_numbers` leaves it.
    sign
        The decimal sign.

    Examples
    --------
    >>> import pyarrow as pa
    >>> find_odd_decimals(pa.array(["1.25"] * 60 + ["1.3"]), ".").tolist()
    [60]
    """
    place = pc.find_substring(text, sign)
    after = pc.subtract(pc.subtract(pc.binary_length(text), place), 1)
    decimals = pc.if_else(pc.less(place, 0), 0, after)
    counts = pc.value_counts(pc.drop_null(decimals)).to_pylist()
    total = sum(each["counts"] for each in counts)
    if total < LEAST_PRICES or len(counts) == 1:
        return np.array([], dtype=np.int64)
    usual = max(counts, key=lambda each: each["counts"])
    if total - usual["counts"] > MOST_ODD:
        return np.array([], dtype=np.int64)
    odd = pc.fill_null(pc.not_equal(decimals, usual["values"]), False)
    return np.flatnonzero(odd.to_numpy(zero_copy_only=False))


def may_have_odd_decimals(
    columns: Sequence[NDArray[np.float64]], sample: Sequence[Sequence[str]]
) -> bool:
    """Return whether numbers have more decimals than their first cells, which all have as many."""
    cells = [cell for row in sample for cell in row if cell]
    decimals = {len(cell.partition(".")[2]) for cell in cells}
    if len(decimals) != 1:
        return False
    scale = 10.0 ** decimals.pop()
    for column in columns:
        units = column[np.isfinite(column)] * scale
        if (np.abs(units - np.rint(units)) > TOLERANCE).any():
            return True
    return False
