"""Matrix products whose bits do not depend on the order in which BLAS sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

# 32 products of two numbers of 24 bits, as many as single precision has, are together at most
# 2**53; up to there whole numbers, and their multiples by a power of two, are exact in double
# precision.
SUMMANDS, BITS, DOUBLE_BITS = 32, 24, 53


def split_and_round(values: NDArray[np.floating], *, axis: int) -> list[Float]:
    """Return values (..., n, k), cut along `axis` into parts of 32 and rounded.

    Each row or column of a part is rounded to multiples of a power of two, so that its largest
    value keeps 24 bits, and the others as many digits as it.

    Parameters
    ----------
    values
        In single precision, or numbers of its range.
    axis
        Along which a product sums: -1 for the left factor and -2 for the right one.

    Examples
    --------
    >>> (part,) = split_and_round(np.array([[3.0, 0.1]]), axis=-1)
    >>> (part * 2**22).tolist()
    [[12582912.0, 419430.0]]
    """
    cuts = range(SUMMANDS, values.shape[axis], SUMMANDS)
    return [_round(part, axis) for part in np.split(values, cuts, axis=axis)]


def _round(values: NDArray[np.floating], axis: int) -> Float:
    exponent = np.frexp(_find_largest(values, axis))[1] - BITS
    # Numbers of this size are multiples of the unit: adding it rounds, ties to even.
    shift = np.ldexp(1.5, exponent + DOUBLE_BITS - 1)
    rounded: Float = np.add(values, shift, dtype=np.float64)
    rounded -= shift
    return rounded


def _find_largest(values: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
    """Return the largest size along an axis, which is kept.

    Halves are compared with each other, which is faster than NumPy's maximum along a short axis.
    """
    largest = np.moveaxis(np.abs(values), axis, -1)
    while (length := largest.shape[-1]) > 1:
        half = (length + 1) // 2
        largest = np.maximum(largest[..., :half], largest[..., length - half :])
    return np.moveaxis(largest, -1, axis)


def multiply(left: Sequence[Float], right: Sequence[Float]) -> Float:
    """Return the product (..., n, m) of (..., n, k) and (..., k, m), both from `split_and_round`.

    The order in which a matrix product of BLAS sums depends on the number of rows, on the position
    of a row and on the number of threads. Here every sum of a part is a multiple of a power of two,
    up to 2**53 times it: it is exact, so that all orders give the same bits. The parts are then
    added one by one. A NaN or infinity makes its row or column NaN or infinite.

    References
    ----------
    Ozaki, Ogita, Oishi & Rump (2012), Numerical Algorithms 59 (exact products of parts).

    Examples
    --------
    >>> left = split_and_round(np.array([[3.0, 0.5]]), axis=-1)
    >>> multiply(left, split_and_round(np.array([[2.0], [4.0]]), axis=-2)).tolist()
    [[8.0]]
    """
    total = left[0] @ right[0]
    product = np.empty_like(total)
    for one, other in zip(left[1:], right[1:], strict=True):
        total += np.matmul(one, other, out=product)
    return total
