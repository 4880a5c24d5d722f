"""Whether a point or a comma is the decimal sign: decided from whole columns, or refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

POINT, COMMA = ".", ","
OTHER = {POINT: COMMA, COMMA: POINT}
FEW = 500  # cells
HEAD = 25  # cells of a column that are looked at first
JUMP = 50.0  # no price changes by this factor within a row or from one row to the next


@dataclass(frozen=True)
class Evidence:
    """An example of a cell that proves each sign to be the decimal one, and of an open one.

    Parameters
    ----------
    decimal
        Sign to an example.
    either
        Sign to an example with one such sign before three digits: 1.234 or 1,234.
    """

    decimal: dict[str, str]
    either: dict[str, str]


def find_evidence(text: Any) -> Evidence:
    """Return what cells, as `strip_numbers` leaves them, say about the decimal sign.

    Examples
    --------
    >>> find_evidence(pa.array(["1,234.5", "998", "1,002"]))
    Evidence(decimal={'.': '1,234.5'}, either={',': '1,002'})
    """
    decimal: dict[str, str] = {}
    either: dict[str, str] = {}
    for sign in (POINT, COMMA):
        if not pc.any(pc.match_substring(text, sign), min_count=0).as_py():
            continue
        own, other = f"\\{sign}", f"\\{OTHER[sign]}"
        proof = (
            rf"^[-+]?(\d*{own}(\d{{1,2}}|\d{{4,}})?|(\d{{4,}}|0\d*|){own}\d{{3}}|\d+{own}\d+e[-+]?\d+|"
            rf"\d{{1,3}}({other}\d{{2,3}})+{own}\d*)$"
        )
        _add_example(decimal, sign, text, proof)
        _add_example(decimal, OTHER[sign], text, rf"^[-+]?\d{{1,3}}({own}\d{{2,3}}){{2,}}$")
        _add_example(either, sign, text, rf"^[-+]?[1-9]\d{{0,2}}{own}\d{{3}}$")
    return Evidence(decimal, either)


def _add_example(found: dict[str, str], sign: str, text: Any, pattern: str) -> None:
    if len(text) <= FEW:  # arrow compiles a pattern for each call
        matches = re.compile(pattern).match
        example = next((cell for cell in text.to_pylist() if cell and matches(cell)), None)
    else:
        at = pc.index(pc.match_substring_regex(text, pattern), True).as_py()
        example = text[at].as_py() if at >= 0 else None
    if example is not None:
        found.setdefault(sign, example)


def take_heads(text: Any, rows: int) -> Any:
    """Return the first cells of each of several columns of `rows` cells, one below the other."""
    starts = range(0, len(text), max(rows, 1))
    return pa.concat_arrays([text[start : start + min(HEAD, rows)] for start in starts])


def count_jumps(columns: Sequence[NDArray[np.float64]]) -> int:
    """Return how often prices differ by more than `JUMP`, in a row or from one row to the next.

    Examples
    --------
    >>> count_jumps([np.array([998.0, 1.002, 1.005])]), count_jumps([np.array([998.0, 1002.0])])
    (1, 0)
    """
    prices = np.column_stack(columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.where(prices > 0, prices, np.nan))
    steps = np.abs(np.diff(logs[:, -1]))
    widths = np.array(
        [np.ptp(row[np.isfinite(row)]) if np.isfinite(row).any() else 0 for row in logs]
    )
    return int((steps > np.log(JUMP)).sum() + (widths > np.log(JUMP)).sum())
