"""Products that are the same in any order of summation, and as exact as single precision."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volcast.models.regressor.exact_product import (
    BITS,
    SUMMANDS,
    multiply,
    split_and_round,
)

EPS = np.finfo(np.float32).eps


def multiply_rounded(left, right):
    return multiply(split_and_round(left, axis=-1), split_and_round(right, axis=-2))


def draw(seed, *shape, spread=3.0):
    """Return numbers in single precision of very different sizes."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) * np.exp(spread * rng.normal(size=shape))).astype(np.float32)


@pytest.mark.parametrize("summands", [1, 2, 17, SUMMANDS])
def test_the_order_of_a_sum_changes_no_bit(summands):
    left, right = draw(1, 300, summands), draw(2, summands, 7)
    product = multiply_rounded(left, right)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(summands)
        np.testing.assert_array_equal(multiply_rounded(left[:, order], right[order]), product)


@pytest.mark.parametrize("summands", [SUMMANDS, SUMMANDS + 1, 110, 300])
def test_the_position_of_a_row_changes_no_bit(summands):
    left, right = draw(1, 517, summands), draw(2, summands, 19)
    product = multiply_rounded(left, right)
    order = np.random.default_rng(0).permutation(len(left))
    np.testing.assert_array_equal(multiply_rounded(left[order], right), product[order])
    np.testing.assert_array_equal(multiply_rounded(left[99:100], right), product[99:100])


@given(st.integers(0, 2**32 - 2), st.integers(1, SUMMANDS))
def test_a_sum_is_the_one_of_fractions(seed, summands):
    """Python's fractions are never rounded: the sum of their products is the true one."""
    (left,) = split_and_round(draw(seed, 1, summands), axis=-1)
    (right,) = split_and_round(draw(seed + 1, summands, 1), axis=-2)
    pairs = zip(left[0].tolist(), right[:, 0].tolist(), strict=True)
    total = sum(Fraction(one) * Fraction(other) for one, other in pairs)
    assert Fraction(multiply([left], [right]).item()) == total


def test_the_largest_sum_that_is_possible_is_exact():
    """All values just below a power of two, and of one sign: nothing cancels."""
    left = np.full((3, SUMMANDS), np.nextafter(8.0, 0.0))
    (part,) = split_and_round(left, axis=-1)
    assert (part == 8.0).all() and SUMMANDS * 2 ** (2 * BITS) == 2**53
    np.testing.assert_array_equal(multiply_rounded(left, left.T), SUMMANDS * 64.0)


def test_values_are_rounded_as_single_precision_rounds_the_largest():
    values = draw(3, 20, SUMMANDS)
    (part,) = split_and_round(values, axis=-1)
    error = np.abs(part - values).max(axis=1)
    assert (error <= EPS / 2 * np.abs(values).max(axis=1)).all()
    assert (error > 0).any()


@pytest.mark.parametrize("summands", [1, 110, 300, 2048])
def test_a_product_is_that_of_double_precision(summands):
    left, right = draw(4, 2, 50, summands, spread=0.5), draw(5, 2, summands, 32, spread=0.5)
    expected = left.astype(np.float64) @ right.astype(np.float64)
    length = np.linalg.norm(left, axis=2)[..., None] * np.linalg.norm(right, axis=1)[:, None]
    assert (np.abs(multiply_rounded(left, right) - expected) / length).max() < EPS


def test_zeros_and_the_smallest_values_are_kept():
    values = np.array([[1e-45, -1e-38], [0.0, 0.0]], np.float32)
    product = multiply_rounded(values, np.eye(2, dtype=np.float32))
    np.testing.assert_allclose(product, values, rtol=1e-6, atol=1e-45)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_not_finite_spoils_its_row_only(bad):
    left, right = draw(6, 5, 4), draw(7, 4, 3)
    expected = multiply_rounded(left, right)
    left[2, 1] = bad
    with np.errstate(invalid="ignore"):
        product = multiply_rounded(left, right)
    assert not np.isfinite(product[2]).any()
    rest = [0, 1, 3, 4]
    np.testing.assert_array_equal(product[rest], expected[rest])
