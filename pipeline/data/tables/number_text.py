"""Numbers as people write them, without what stands around the digits: signs, units, brackets."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

MISSING = (
    *("", "-", "--", "---", "\u2013", "\u2014", ".", "..", "*", "na", "n/a", "n.a.", "n.a", "nan"),
    *("-nan", "null", "none", "nil", "#n/a", "#n/a n/a", "#na", "#value!", "n.d.", "nd", "k.a."),
)
PLAIN = b"0123456789.,+-"
BLANKS = r"[\s\x{00a0}\x{2007}\x{2009}\x{202f}'\x{2019}`]"
GROUPED = rf"\d{BLANKS}+\d"
RIGHTLY_GROUPED = rf"^\D*\d{{1,3}}({BLANKS}\d{{3}})+(\D.*)?$"
CURRENCIES = (
    r"us\$|hk\$|ca?\$|au?\$|r\$|s\$|nt\$|cn¥|[$€£¥₹₽₩₺]|usd|eur|gbp|gbx|gbpence|chf|jpy|cad|aud|inr|pln|"
    r"cny|hkd|sek|nok|dkk|brl|krw|try|rub|zar|sgd|mxn|usdt|rs\.?|zł|kr\.?|pkt\.?|pts\.?|p"
)
SUFFIXES = {
    **dict.fromkeys(("k", "tsd", "тыс", "tys"), 1e3),
    **dict.fromkeys(("m", "mn", "mio", "mln", "млн", "mil"), 1e6),
    **dict.fromkeys(("b", "bn", "mrd", "mld", "млрд", "md"), 1e9),
    **dict.fromkeys(("t", "tn", "bio"), 1e12),
    **{"l": 1e5, "lakh": 1e5, "cr": 1e7},
}
SUFFIX_LETTERS = "".join({letter for name in SUFFIXES for letter in name})


@dataclass(frozen=True, eq=False)
class NumberText:
    """The cells of a column with only digits, one sign, points, commas and exponents left.

    Parameters
    ----------
    text
        An array of text; null where the cell holds no value.
    scale
        What each number is multiplied by, for suffixes such as ``K``; None: by 1.
    """

    text: Any
    scale: NDArray[np.float64] | None = None


def strip_numbers(cells: Any, *, suffixes: bool = False) -> NumberText:
    """Return the cells of a column without currency signs, blanks, brackets and suffixes.

    Parameters
    ----------
    cells
        An array of text.
    suffixes
        Whether ``K``, ``M`` and ``B`` multiply; else a cell with one is left as it is.

    Examples
    --------
    >>> cells = pa.array(["$1,234.50", "(3)", "n/a", "2.38M"])
    >>> strip_numbers(cells, suffixes=True).text.to_pylist()
    ['1,234.50', '-3', None, '2.38']
    """
    text = pc.utf8_trim_whitespace(cells)
    if not _is_decorated(text):
        empty = pc.is_in(text, value_set=pa.array(["", "-", "--", ".", ".."]))
        return NumberText(pc.if_else(empty, None, text))
    text = pc.utf8_lower(text)
    text = pc.if_else(pc.is_in(text, value_set=pa.array(MISSING)), None, text)
    number = _take_suffixes(text) if suffixes else NumberText(text)
    if not _is_decorated(number.text):
        return number
    text = _join_groups(pc.replace_substring(text, "\u2212", "-"))
    if _is_decorated(text):
        text = pc.replace_substring_regex(text, rf"^([-+]?)\s*(?:{CURRENCIES})\s*", r"\1")
        text = pc.replace_substring_regex(text, rf"\s*(?:{CURRENCIES}|%)$", "")
        text = pc.replace_substring_regex(text, r"^\(\s*(.*\S)\s*\)$", r"-\1")
        text = pc.replace_substring_regex(text, rf"^([-+]?)\s*(?:{CURRENCIES})\s*", r"\1")
    return _take_suffixes(text) if suffixes else NumberText(text)


def _is_decorated(text: Any) -> bool:
    """Return whether any cell has another character than `PLAIN`: from the bytes of all cells."""
    if not len(text):
        return False
    offsets, data = text.buffers()[1:3]
    if data is None:
        return False
    ends = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    return bool(bytes(memoryview(data)[ends[0] : ends[-1]]).translate(None, delete=PLAIN))


def _join_groups(text: Any) -> Any:
    """Return the text without the blanks and apostrophes that separate thousands."""
    grouped = pc.match_substring_regex(text, GROUPED)
    if not pc.any(grouped, min_count=0).as_py():
        return text
    right = pc.match_substring_regex(text, RIGHTLY_GROUPED)
    joined = pc.replace_substring_regex(text, BLANKS, "")
    return pc.if_else(pc.and_(grouped, right), joined, text)


def _take_suffixes(text: Any) -> NumberText:
    """Return the numbers and what their suffixes multiply by; other cells are left as they are."""
    suffix = pc.utf8_rtrim(pc.utf8_ltrim(text, characters="0123456789.,+- "), characters=".")
    number = pc.utf8_rtrim(pc.utf8_rtrim(text, characters=SUFFIX_LETTERS + "."), characters=" ")
    place = pc.index_in(suffix, value_set=pa.array(list(SUFFIXES)))
    with_suffix = pc.and_(pc.is_valid(place), pc.equal(pc.match_substring(number, " "), False))
    if not pc.any(with_suffix, min_count=0).as_py():
        return NumberText(text)
    factors = pa.array(list(SUFFIXES.values())).take(place)
    scale = pc.fill_null(pc.if_else(with_suffix, factors, 1.0), 1.0)
    # What follows a point or a comma is a fraction here: nobody writes 1,234 thousands.
    return NumberText(pc.if_else(with_suffix, number, text), scale.to_numpy(zero_copy_only=False))
