"""The columns of a table as numbers, moments and tickers, and which cells cannot be read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from volcast.pipeline.data.tables.dates import FIRST, LAST, NOT_A_TIME, Moments, parse_moments
from volcast.pipeline.data.tables.decimal_sign import OTHER, POINT, find_evidence
from volcast.pipeline.data.tables.number_text import NumberText, strip_numbers
from volcast.pipeline.data.tables.numbers import decide_decimal_sign, parse_numbers
from volcast.pipeline.data.tables.odd_decimals import find_odd_decimals
from volcast.pipeline.data.tables.typed_table import TypedTable
from volcast.pipeline.errors import DataError

NO_OFFSET = np.timedelta64("NaT", "us")
MICROSECOND = pa.timestamp("us")
TEXT_MARK = re.compile(r"^=?['\"]([^'\"]+)['\"]?$")  # by which Excel keeps the zeros of 000001
# The decimal sign that is used, and the one that occurs.
SIGN_NAMES = {
    (",", ","): "decimal commas",
    (",", "."): "thousands points",
    (".", ","): "thousands commas",
}


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of a table.

    Parameters
    ----------
    values
        Position to numbers; NaN where a cell is missing or cannot be read.
    bad
        Position to flags of the cells that cannot be read; only of columns that have some.
    manner
        How they are written, for people, if it is unusual.
    odd_decimals
        Number of the row below the header and text of each price with another number of decimals
        than all others.
    """

    values: dict[int, NDArray[np.float64]]
    bad: dict[int, NDArray[np.bool_]]
    manner: tuple[str, ...]
    odd_decimals: tuple[tuple[int, str], ...] = ()


def parse_number_columns(table: TypedTable, wanted: str, file: Path) -> Numbers:
    """Return all columns of numbers; see `decide_decimal_sign`.

    Volumes and variances follow the sign that their own cells prove, else that of the prices.
    """
    fields = list(table.columns.fields.values())
    places = {at: name for own in fields for name, at in own.items()}
    values = {at: _to_float(table.cells[at]) for at in places if not _is_text(table.cells[at])}
    text = [at for at in places if at not in values]
    if not text:
        return Numbers(values, {}, ())
    apart = [at for at in text if places[at] in ("volume", "variance")]
    prices = [at for at in text if at not in apart]
    joined = strip_numbers(_join([table.cells[at] for at in prices]))
    beside = {at: strip_numbers(table.cells[at], suffixes=True) for at in apart}
    groups = [[prices.index(at) for at in own.values() if at in prices] for own in fields]
    others = [*(column.text for column in beside.values()), *_list_percentages(table)]
    sign = wanted or decide_decimal_sign(joined, [own for own in groups if own], others, file)
    signs, bad = _list_signs(joined, sign or POINT), {}
    parsed = [part.reshape(-1, len(table.rows)) for part in parse_numbers(joined, sign or POINT)]
    columns = {at: (parsed[0][n], parsed[1][n]) for n, at in enumerate(prices)}
    for at, column in beside.items():
        used = wanted or _find_own_sign(column, sign)
        columns[at] = parse_numbers(column, used)
        signs |= _list_signs(column, used)
    for at, (numbers, wrong) in columns.items():
        values[at] = numbers
        if wrong.any():
            bad[at] = wrong
    manner = tuple(SIGN_NAMES[pair] for pair in SIGN_NAMES if pair in signs)
    places_odd = find_odd_decimals(joined.text, sign or POINT).tolist()
    odd = tuple((_number_row(table, n), joined.text[n].as_py()) for n in places_odd)
    return Numbers(values, bad, manner, odd)


def _number_row(table: TypedTable, place: int) -> int:
    """Return the number of a row below the header, from a place in all prices joined."""
    return int(table.rows[place % len(table.rows)]) + 1


def _join(arrays: list[Any]) -> Any:
    return pa.concat_arrays(arrays) if arrays else pa.array([], pa.string())


def _list_signs(column: NumberText, sign: str) -> set[tuple[str, str]]:
    """Return the decimal sign together with each sign that occurs."""
    return {(sign, each) for each in ".," if _has_sign(column, each)}


def _has_sign(column: NumberText, sign: str) -> bool:
    return bool(pc.any(pc.match_substring(column.text, sign), min_count=0).as_py())


def _is_text(array: Any) -> bool:
    return bool(pa.types.is_string(array.type))


def _to_float(array: Any) -> NDArray[np.float64]:
    if not (pa.types.is_floating(array.type) or pa.types.is_integer(array.type)):
        return np.full(len(array), np.nan)
    if pa.types.is_integer(array.type):
        array = array.cast(pa.float64(), safe=False)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def _list_percentages(table: TypedTable) -> list[Any]:
    """Return the first cells of columns that are not used but hold percentages, as evidence."""
    columns = [list(cells) for cells in zip(*table.sample, strict=True)]
    found = [cells for cells in columns if any(cell.endswith("%") for cell in cells)]
    return [strip_numbers(pa.array(cells, pa.string())).text for cells in found]


def _find_own_sign(column: NumberText, sign: str) -> str:
    """Return the decimal sign of volumes: as their cells prove, else that of the prices.

    Beside prices without any sign, 60.663 is a whole number of shares.
    """
    evidence = find_evidence(column.text)
    if len(evidence.decimal) == 1:
        return next(iter(evidence.decimal))
    if not sign and len(evidence.either) == 1:
        return OTHER[next(iter(evidence.either))]
    return sign or POINT


def parse_moment_column(table: TypedTable, wanted: str, file: Path) -> Moments:
    """Return the dates or times of a table; see `dates.parse_moments`."""
    array = table.cells[table.columns.date]
    if _is_text(array):
        return parse_moments(array, wanted, file)
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        return _convert_times(array)
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        whole = _to_float(array)
        text = [
            f"{value:.0f}" if np.isfinite(value) and abs(value) < 1e19 else "" for value in whole
        ]
        exact = array.cast(pa.string()) if pa.types.is_integer(array.type) else pa.array(text)
        return parse_moments(pc.fill_null(exact, ""), wanted, file)
    raise DataError(f"{file}: the dates are of type {array.type}; store dates, times or text")


def _convert_times(array: Any) -> Moments:
    if pa.types.is_date32(array.type):
        days = array.to_numpy(zero_copy_only=False).astype("M8[us]")
        days[~((days >= FIRST) & (days <= LAST))] = NOT_A_TIME
        return Moments(days, np.full(len(days), NO_OFFSET), "", has_times=False)
    zone = getattr(array.type, "tz", None)
    utc = np.array(array.cast(MICROSECOND, safe=False).to_numpy(zero_copy_only=False), "M8[us]")
    utc[~((utc >= FIRST) & (utc <= LAST))] = NOT_A_TIME
    if not zone:
        has_times = bool((utc[~np.isnat(utc)] != utc[~np.isnat(utc)].astype("M8[D]")).any())
        return Moments(utc, np.full(len(utc), NO_OFFSET), "", has_times)
    index = pd.DatetimeIndex(utc).tz_localize("UTC")
    try:
        local = np.asarray(index.tz_convert(zone).tz_localize(None).to_numpy()).astype("M8[us]")
    except (KeyError, ValueError, OSError) as error:
        raise DataError(f"the dates have the time zone {zone!r}, which is unknown") from error
    return Moments(local, local - utc, "", has_times=True)


def parse_ticker_column(cells: Any, keep: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Return the tickers of the rows to keep; blank where there is none."""
    kept = cells.filter(pa.array(keep))
    if pa.types.is_timestamp(kept.type):
        kept = kept.cast(pa.timestamp("us", None), safe=False)
    if not _is_text(kept):
        kept = kept.cast(pa.string(), safe=False)
    encoded = pc.dictionary_encode(pc.utf8_trim_whitespace(pc.fill_null(kept, "")))
    found = (TEXT_MARK.sub(r"\1", name) for name in encoded.dictionary.to_pylist())
    names = np.array([*found, ""], dtype=object)
    return np.asarray(names[encoded.indices.to_numpy(zero_copy_only=False)])


def list_cells(table: TypedTable, row: int) -> Sequence[str]:
    """Return the used cells of a row as text, for messages."""
    return [str(cells[row].as_py() or "") for cells in table.cells.values()]
