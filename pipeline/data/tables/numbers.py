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
    find_head_evidence,
)
from volcast.pipeline.data.tables.number_text import NumberText
from volcast.pipeline.errors import DataError

Float = NDArray[np.float64]


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
    prices: Sequence[Sequence[NumberText]], others: Sequence[NumberText], wanted: str, file: Path
) -> str:
    """Return the decimal sign of the prices of a file; empty if no price has a sign.

    A cell such as 1.5 or 1,234.5 proves it. If every cell with a sign is such as 1.234, a reading
    that makes neighbours of 998 and 1.002 is wrong; else the other columns of the file decide
    (volumes, percentages).

    Parameters
    ----------
    prices
        The columns of prices of each ticker.
    others
        Other columns with numbers, for evidence.
    wanted
        ``data.decimal``; empty: decide.
    file
        For messages.

    Raises
    ------
    DataError
        Two readings are possible, or the cells contradict each other.
    """
    texts = [column.text for own in prices for column in own]
    if wanted or not texts:
        return wanted
    for find in (find_head_evidence, find_evidence):
        evidence = find(texts)
        if len(evidence.decimal) == 1:
            return next(iter(evidence.decimal))
        if len(evidence.decimal) == 2:
            first, second = evidence.decimal.values()
            raise DataError(
                f"{file}: {first!r} has a decimal point, {second!r} a decimal comma; write all "
                "numbers in one way"
            )
    if not evidence.either:
        return ""
    jumps = {sign: sum(_count_jumps(own, sign) for own in prices) for sign in (POINT, COMMA)}
    possible = [sign for sign, count in jumps.items() if count == 0]
    if len(possible) == 1:
        return possible[0]
    beside = find_evidence([each.text for each in others]).decimal if others else {}
    if len(beside) == 1 and len(evidence.either) == 1:
        return next(iter(beside))
    raise DataError(_explain_two_readings(evidence, next(iter(evidence.either)), file))


def _count_jumps(columns: Sequence[NumberText], sign: str) -> int:
    return count_jumps([parse_numbers(column, sign)[0] for column in columns])


def _explain_two_readings(evidence: Evidence, sign: str, file: Path) -> str:
    example = evidence.either[sign]
    number = {each: parse_numbers(NumberText(pa.array([example])), each)[0][0] for each in ".,"}
    return (
        f"{file}: the numbers can be read in two ways: {example!r} is {number[POINT]:g} with a "
        f'decimal point, {number[COMMA]:g} with a decimal comma; say which with data.decimal = "." '
        'or "," (--decimal)'
    )
