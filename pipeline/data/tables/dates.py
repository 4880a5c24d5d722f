"""Columns of dates as moments: the order of day and month is decided from the whole column."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from volcast.pipeline.data.tables.date_patterns import (
    COMPACT,
    EPOCH,
    ISO,
    NAMED,
    NUMERIC,
    REPUBLIC,
    REPUBLIC_EPOCH,
    SERIAL,
    find_month,
    parse_time_of_day,
)
from volcast.pipeline.data.tables.day_order import Groups, compute_days, decide_order, order_groups

Times = NDArray[np.datetime64]
NOT_A_TIME = np.datetime64("NaT", "us")
EPOCH_UNITS = {9: "s", 10: "s", 12: "ms", 13: "ms", 15: "us", 16: "us", 18: "ns", 19: "ns"}
UNIT_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
EXCEL_EPOCH = np.datetime64("1899-12-30", "us")
FIRST, LAST = np.datetime64("1800-01-01", "us"), np.datetime64("2200-12-31T23:59:59", "us")


@dataclass(frozen=True, eq=False)
class Moments:
    """A column of dates or times.

    Parameters
    ----------
    written
        (n,) datetime64[us]: date and time as they are written; NaT where none can be read.
    offset
        (n,) timedelta64[us] from UTC of the time as it is written; NaT where no offset is given.
    manner
        How the dates are written, for people: ``month first``, ``epoch seconds``; empty: ISO.
    has_times
        Whether any cell has a time of day.
    """

    written: Times
    offset: NDArray[np.timedelta64]
    manner: str
    has_times: bool


def parse_moments(cells: Any, wanted: str, file: Path) -> Moments:
    """Return a column of text as dates and times.

    Parameters
    ----------
    cells
        An array of text: dates such as 2020-01-31, 20200131, 31.01.2020, 1/31/20, 31-Jan-2020,
        January 31, 2020, in a dozen languages, with a time of day and an offset or without;
        seconds, milliseconds, microseconds or nanoseconds since 1970; days of Excel.
    wanted
        ``data.dates``: ``day_first``, ``month_first`` or ``year_first``; empty: decide.
    file
        For messages.

    Raises
    ------
    DataError
        Day and month can be exchanged in all dates, or must be in some of them.

    Examples
    --------
    >>> moments = parse_moments(pa.array(["1/2/2020", "1/13/2020"]), "", Path("a.csv"))
    >>> moments.written.astype("M8[D]").tolist(), moments.manner
    ([datetime.date(2020, 1, 2), datetime.date(2020, 1, 13)], 'month first')
    """
    encoded = pc.dictionary_encode(pc.utf8_trim_whitespace(cells))
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    unique = encoded.dictionary.cast(pa.string())
    every = _parse_unique(unique, wanted, file)
    return Moments(every.written[codes], every.offset[codes], every.manner, every.has_times)


def _parse_unique(text: Any, wanted: str, file: Path) -> Moments:
    """Read each manner of writing in turn; the first one that most of the cells have counts."""
    best = _empty(len(text), "")
    first = text[0].as_py() if len(text) else ""
    likely = [read for read in READERS if any(re.match(each, first) for each in READERS[read])]
    for read in dict.fromkeys((*likely, *READERS)):
        found = read(text, wanted, file)
        if found is None:
            continue
        if not np.isnat(found.written).any():
            return found
        if _count(found) > _count(best):
            best = found
    return _add_other_iso(best, text, wanted, file)


def _count(moments: Moments) -> int:
    return int((~np.isnat(moments.written)).sum())


def _empty(size: int, manner: str) -> Moments:
    nothing = np.full(size, NOT_A_TIME)
    return Moments(nothing, np.full(size, np.timedelta64("NaT", "us")), manner, has_times=False)


def _add_other_iso(best: Moments, text: Any, wanted: str, file: Path) -> Moments:
    """Return ISO dates with and without hyphens as one; nothing else may stand beside another."""
    if best.manner:
        return best
    for read in (_read_iso, _read_compact):
        found = read(text, wanted, file)
        if found is not None:
            left = np.isnat(best.written)
            written = np.where(left, found.written, best.written)
            offset = np.where(left, found.offset, best.offset)
            best = Moments(written, offset, "", best.has_times or found.has_times)
    return best


def _match(text: Any, pattern: str) -> Groups | None:
    """Return the groups of a pattern where it matches; None if it matches nowhere."""
    found = pc.extract_regex(text, pattern)
    valid = np.asarray(pc.is_valid(found).to_numpy(zero_copy_only=False), dtype=bool)
    if not valid.any():
        return None
    inside = found.filter(pa.array(valid))
    return Groups(valid, {field.name: pc.struct_field(inside, field.name) for field in inside.type})


def _read_iso(text: Any, wanted: str, file: Path) -> Moments | None:
    return _read_ordered(_match(text, ISO), "")


def _read_compact(text: Any, wanted: str, file: Path) -> Moments | None:
    return _read_ordered(_match(text, COMPACT), "")


def _read_ordered(groups: Groups | None, manner: str) -> Moments | None:
    if groups is None:
        return None
    return _build(groups, compute_days(*(groups.ints(n) for n in ("year", "month", "day"))), manner)


def _read_republic(text: Any, wanted: str, file: Path) -> Moments | None:
    groups = _match(text, REPUBLIC)
    if groups is None:
        return None
    year = groups.ints("year") + REPUBLIC_EPOCH
    days = compute_days(year, groups.ints("month"), groups.ints("day"))
    return _build(groups, days, "years of the Republic of China")


def _read_numeric(text: Any, wanted: str, file: Path) -> Moments | None:
    groups = _match(text, NUMERIC[0])
    if groups is None or not groups.valid.all():
        groups = _match(text, NUMERIC[1])
    if groups is None:
        return None
    order = wanted or decide_order(groups, text, file)
    return _build(groups, order_groups(groups, order), order.replace("_", " "))


def _read_named(text: Any, wanted: str, file: Path) -> Moments | None:
    best = None
    for pattern in NAMED:
        groups = _match(text, pattern)
        if groups is None:
            continue
        encoded = pc.dictionary_encode(groups.parts["month"])
        numbers = np.array([find_month(word) for word in encoded.dictionary.to_pylist()])
        month = numbers[encoded.indices.to_numpy(zero_copy_only=False)]
        days = compute_days(groups.ints("year"), month, groups.ints("day"))
        found = _build(groups, days, "names of months")
        if best is None or _count(found) > _count(best):
            best = found
    return best


def _read_epoch(text: Any, wanted: str, file: Path) -> Moments | None:
    groups = _match(text, EPOCH)
    if groups is None:
        return None
    digits = pc.utf8_length(groups.parts["number"]).to_numpy(zero_copy_only=False)
    lengths, counts = np.unique(digits, return_counts=True)
    unit = EPOCH_UNITS.get(int(lengths[counts.argmax()]))
    if unit is None:
        return None
    numbers = groups.parts["number"].cast(pa.int64()).to_numpy(zero_copy_only=False)
    in_unit = np.array([EPOCH_UNITS.get(int(n)) == unit for n in lengths])
    inside = np.isin(digits, lengths[in_unit])
    times = np.where(inside, numbers, 0).astype(f"M8[{unit}]").astype("M8[us]")
    times[~inside] = NOT_A_TIME
    found = _build(groups, times, f"epoch {UNIT_NAMES[unit]}")
    offset = np.where(np.isnat(found.written), np.timedelta64("NaT", "us"), np.timedelta64(0, "us"))
    return Moments(found.written, offset, found.manner, has_times=True)


def _read_serial(text: Any, wanted: str, file: Path) -> Moments | None:
    groups = _match(text, SERIAL)
    if groups is None:
        return None
    return _build(
        groups, EXCEL_EPOCH + groups.ints("number") * np.timedelta64(1, "D"), "Excel days"
    )


# In the order in which they are tried, after the one whose patterns fit the first cell.
READERS = {
    _read_iso: (ISO,),
    _read_compact: (COMPACT,),
    _read_numeric: NUMERIC[:1],
    _read_named: NAMED,
    _read_epoch: (EPOCH,),
    _read_serial: (SERIAL,),
    _read_republic: (REPUBLIC,),
}


def _build(groups: Groups, days: Times, manner: str) -> Moments:
    """Return moments of all cells from the days of those that match, with their times of day."""
    result = _empty(len(groups.valid), manner)
    written = days.astype("M8[us]")
    offsets = np.full(len(written), np.timedelta64("NaT", "us"))
    has_times = False
    if "rest" in groups.parts:
        encoded = pc.dictionary_encode(groups.parts["rest"])
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        times = [parse_time_of_day(rest) for rest in encoded.dictionary.to_pylist()]
        micros = [
            np.timedelta64("NaT", "us") if t is None else np.timedelta64(t.microseconds, "us")
            for t in times
        ]
        zones = [
            np.timedelta64("NaT", "us")
            if t is None or t.offset is None
            else np.timedelta64(t.offset, "us")
            for t in times
        ]
        written = written + np.array(micros, dtype="m8[us]")[codes]
        offsets = np.array(zones, dtype="m8[us]")[codes]
        has_times = any(t is not None and t.given for t in times)
    written[~((written >= FIRST) & (written <= LAST))] = NOT_A_TIME
    result.written[groups.valid] = written
    result.offset[groups.valid] = offsets
    return Moments(result.written, result.offset, manner, has_times)
