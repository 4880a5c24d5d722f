"""Matrix products whose bits do not depend on the order in which BLAS sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

# 32 products of two numbers of 24 bits, as many as single precision has, are together at most
# 2**53; up to there whole numbers are exact in double precision.
SUMMANDS, BITS = 32, 24


class Multiples(NamedTuple):
    """Numbers as whole multiples of powers of two.

    Attributes
    ----------
    counts
        The whole numbers, (..., n, k).
    unit
        The power of two of each row or column, (..., n, 1) or (..., 1, k).
    """

    counts: Float
    unit: Float


def split_into_multiples(values: NDArray[np.floating], *, axis: int) -> list[Multiples]:
    """Return values (..., n, k), cut along `axis` into parts of 32 and rounded to multiples.

    `axis` is -1 for the left factor of a product and -2 for the right one. The largest value of a
    part keeps 24 bits, the others as many digits as it. A NaN or infinity makes all values of its
    part NaN or infinite.

    Examples
    --------
    >>> (part,) = split_into_multiples(np.array([[3.0, 0.1]]), axis=-1)
    >>> part.counts.tolist(), part.unit.tolist()
    ([[12582912.0, 419430.0]], [[2.384185791015625e-07]])
    """
    cuts = range(SUMMANDS, values.shape[axis], SUMMANDS)
    return [_round_to_multiples(part, axis) for part in np.split(values, cuts, axis=axis)]


def _round_to_multiples(values: NDArray[np.floating], axis: int) -> Multiples:
    largest = np.abs(values).max(axis=axis, keepdims=True)
    unit = np.ldexp(1.0, np.frexp(largest)[1] - BITS)
    return Multiples(np.rint(values / unit), unit)


def multiply(left: Sequence[Multiples], right: Sequence[Multiples]) -> Float:
    """Return the product (..., n, m) of (..., n, k) and (..., k, m), both cut into parts.

    The order in which a matrix product of BLAS sums depends on the number of rows, on the position
    of a row and on the number of threads. Here every sum of a part is a whole number up to 2**53:
    it is exact, so that all orders give the same bits. The parts are then added one by one.

    References
    ----------
    Ozaki, Ogita, Oishi & Rump (2012), Numerical Algorithms 59 (exact products of parts).

    Examples
    --------
    >>> left = split_into_multiples(np.array([[3.0, 0.5]]), axis=-1)
    >>> multiply(left, split_into_multiples(np.array([[2.0], [4.0]]), axis=-2)).tolist()
    [[8.0]]
    """
    products = (_multiply_parts(*pair) for pair in zip(left, right, strict=True))
    total = next(products)
    for product in products:
        total += product
    return total


def _multiply_parts(left: Multiples, right: Multiples) -> Float:
    product = left.counts @ right.counts
    product *= left.unit
    product *= right.unit
    return product
