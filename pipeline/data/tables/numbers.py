"""Columns of text as numbers, by a decimal sign that the whole file decides."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from volcast.pipeline.data.tables.decimal_sign import (
    COMMA,
    OTHER,
    POINT,
    Evidence,
    count_jumps,
    find_evidence,
    take_heads,
)
from volcast.pipeline.data.tables.number_text import NumberText
from volcast.pipeline.errors import DataError

Float = NDArray[np.float64]
LONGEST_NUMBER = 40  # characters; no program writes so many, a damaged file has more


def parse_numbers(column: NumberText, sign: str) -> tuple[Float, NDArray[np.bool_]]:
    """Return a column as numbers, and which of its cells cannot be read.

    Parameters
    ----------
    column
        As `strip_numbers` returns it.
    sign
        The decimal sign; the other one separates thousands, and only where three digits follow.

    Returns
    -------
    NaN where a cell is missing or cannot be read; the flags are True only for the latter.

    Examples
    --------
    >>> parse_numbers(NumberText(pa.array(["1.234,5", "12,5", "1,2,3"])), ",")
    (array([1234.5,   12.5,    nan]), array([False, False,  True]))
    """
    text, other = column.text, OTHER[sign]
    wrong = None
    if pc.any(pc.match_substring(text, other), min_count=0).as_py():
        own, apart = f"\\{sign}", f"\\{other}"
        grouped = rf"[-+]?\d{{1,3}}({apart}\d{{2,3}})*{apart}\d{{3}}({own}\d*)?"
        wrong = pc.invert(pc.match_substring_regex(text, rf"^([^{apart}]*|{grouped})$"))
        text = pc.replace_substring(pc.if_else(wrong, None, text), other, "")
    if sign == COMMA:
        text = pc.replace_substring(text, COMMA, POINT)
    values, bad = _cast(text)
    if (pc.max(pc.binary_length(text)).as_py() or 0) > LONGEST_NUMBER:
        bad |= _to_float(pc.binary_length(text)) > LONGEST_NUMBER
        values = np.where(bad, np.nan, values)
    if wrong is not None:
        bad |= np.asarray(pc.fill_null(wrong, False).to_numpy(zero_copy_only=False), dtype=bool)
    return values if column.scale is None else values * column.scale, bad


def _cast(text: Any) -> tuple[Float, NDArray[np.bool_]]:
    try:
        values = text.cast(pa.float64())
    except pa.ArrowInvalid:
        pattern = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?$|^[-+]?inf(inity)?$"
        right = pc.match_substring_regex(text, pattern)
        values = pc.if_else(right, text, None).cast(pa.float64())
        bad = np.asarray(pc.fill_null(pc.invert(right), False).to_numpy(zero_copy_only=False))
        return _to_float(values), bad.astype(bool)
    return _to_float(values), np.zeros(len(text), dtype=bool)


def _to_float(values: Any) -> Float:
    return np.array(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def decide_decimal_sign(
    prices: NumberText, groups: Sequence[Sequence[int]], others: Sequence[Any], file: Path
) -> str:
    """Return the decimal sign of the prices of a file; empty if no price has a sign.

    A cell such as 1.5 or 1,234.5 proves it. If every cell with a sign is such as 1.234, a reading
    that makes neighbours of 998 and 1.002 is wrong; else the other columns of the file decide
    (volumes, percentages).

    Parameters
    ----------
    prices
        The columns of prices, one below the other.
    groups
        The columns of each ticker, by their number.
    others
        Arrays of other numbers, as text, for evidence.
    file
        For messages.

    Raises
    ------
    DataError
        Two readings are possible, or the cells contradict each other.
    """
    rows = len(prices.text) // max(sum(map(len, groups)), 1)
    if not rows:
        return ""
    evidence = find_evidence(take_heads(prices.text, rows))
    if not evidence.decimal:
        evidence = find_evidence(prices.text)
    if len(evidence.decimal) == 1:
        return next(iter(evidence.decimal))
    if len(evidence.decimal) == 2:
        first, second = (repr(evidence.decimal[sign]) for sign in (POINT, COMMA))
        raise DataError(
            f"{file}: {first} has a decimal point, {second} a decimal comma; write all numbers in "
            "one way"
        )
    if not evidence.either:
        return ""
    jumps = {sign: _count_jumps(prices, sign, groups, rows) for sign in (POINT, COMMA)}
    possible = [sign for sign, count in jumps.items() if count == 0]
    if len(possible) == 1:
        return possible[0]
    beside = find_evidence(pa.concat_arrays(list(others))).decimal if others else {}
    if len(beside) == 1 and len(evidence.either) == 1:
        return next(iter(beside))
    raise DataError(_explain_two_readings(evidence, next(iter(evidence.either)), file))


def _count_jumps(prices: NumberText, sign: str, groups: Sequence[Sequence[int]], rows: int) -> int:
    columns = parse_numbers(prices, sign)[0].reshape(-1, rows)
    return sum(count_jumps([columns[n] for n in group]) for group in groups)


def _explain_two_readings(evidence: Evidence, sign: str, file: Path) -> str:
    example = evidence.either[sign]
    number = {each: parse_numbers(NumberText(pa.array([example])), each)[0][0] for each in ".,"}
    return (
        f"{file}: the numbers can be read in two ways: {example!r} is {number[POINT]:g} with a "
        f'decimal point, {number[COMMA]:g} with a decimal comma; say which with data.decimal = "." '
        'or "," (--decimal)'
    )
