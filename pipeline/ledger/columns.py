"""How a value is stored in the ledger: the types of its columns, and what each field declares."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from volcast.pipeline.errors import LedgerError

MOMENT_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def to_date(day: dt.date) -> dt.date:
    """Return a date without the time of day that a pandas timestamp has.

    Examples
    --------
    >>> import pandas as pd
    >>> to_date(pd.Timestamp("2018-01-03"))
    datetime.date(2018, 1, 3)
    """
    return day.date() if isinstance(day, dt.datetime) else day


def format_moment(moment: dt.datetime) -> str:
    """Return a moment as the ledger stores it: UTC with microseconds, ending in Z.

    Raises
    ------
    LedgerError
        The moment has no timezone.

    Examples
    --------
    >>> format_moment(dt.datetime(2018, 1, 3, 23, tzinfo=dt.UTC))
    '2018-01-03T23:00:00.000000Z'
    """
    if moment.tzinfo is None:
        raise LedgerError(f"a moment needs a timezone; got {moment}; add tzinfo=datetime.UTC")
    return moment.astimezone(dt.UTC).strftime(MOMENT_FORMAT)


def numbers_to_json(numbers: Mapping[str, Any]) -> str:
    """Return numbers as compact JSON with sorted keys; values that are not finite become null.

    Examples
    --------
    >>> numbers_to_json({"p": 0.5, "effect": float("nan")})
    '{"effect":null,"p":0.5}'
    """
    return json.dumps(_plain(numbers), sort_keys=True, separators=(",", ":"), allow_nan=False)


def finite_or_none(value: float) -> float | None:
    """Return a number as a table stores it: NaN and infinities are NULL."""
    return float(value) if math.isfinite(value) else None


@dataclass(frozen=True)
class ColumnType:
    """A type of column.

    Attributes
    ----------
    sql, check
        The type in SQLite, and the rule that every value meets; ``{name}`` is the column.
    encode, decode
        From a field's value to the stored one, and back. NULL is None on both sides, except that
        `decode` of a real number gives NaN.
    dtype
        In frames, for columns that hold no NULL, and for those that may.
    check_or_null
        The rule of columns that may hold NULL, where `check` would refuse it: ``json_valid(NULL)``
        is 0 in older versions of SQLite.
    """

    sql: str
    check: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    dtype: tuple[str, str]
    check_or_null: str = ""


TypeName = Literal["date", "moment", "text", "integer", "real", "flag", "json"]
_DATE_CHECK = "{name} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"
_MOMENT_CHECK = "{name} GLOB '????-??-??T??:??:??.??????Z'"  # UTC, so that text sorts as time
TYPES: dict[TypeName, ColumnType] = {
    "date": ColumnType(
        *("TEXT", _DATE_CHECK, lambda day: to_date(day).isoformat(), dt.date.fromisoformat),
        ("datetime64[us]", "datetime64[us]"),
    ),
    "moment": ColumnType(
        *("TEXT", _MOMENT_CHECK, format_moment, dt.datetime.fromisoformat),
        ("datetime64[us, UTC]", "datetime64[us, UTC]"),
    ),
    "text": ColumnType("TEXT", "", lambda text: text, str, ("object", "string")),
    "integer": ColumnType("INTEGER", "", int, int, ("int64", "Int64")),
    "real": ColumnType("REAL", "", finite_or_none, float, ("float64", "float64")),
    "flag": ColumnType("INTEGER", "{name} IN (0, 1)", int, bool, ("bool", "boolean")),
    "json": ColumnType(
        *("TEXT", "json_valid({name})", numbers_to_json, json.loads, ("object", "string")),
        check_or_null="({name} IS NULL OR json_valid({name}))",
    ),
}


@dataclass(frozen=True)
class Column:
    """The column in which a field of a record is stored; declared at the field with `Annotated`.

    Attributes
    ----------
    type
        One of `TYPES`.
    check
        What the value must satisfy besides, in SQL.
    nullable
        Whether a row may have no value. Columns added later always may: older rows have none.
    since
        The format of the ledger that added the column.

    Examples
    --------
    >>> Column("integer", "horizon > 0").declaration("horizon")
    'horizon INTEGER NOT NULL CHECK (horizon > 0)'
    >>> Column("real", since=2).declaration("level")
    'level REAL'
    """

    type: TypeName
    check: str = ""
    nullable: bool = False
    since: int = 1

    @property
    def may_be_null(self) -> bool:
        """Whether rows without a value exist."""
        return self.nullable or self.since > 1

    @property
    def dtype(self) -> str:
        """The dtype in frames; columns of the first format keep the one they always had."""
        return TYPES[self.type].dtype[self.since > 1]

    def declaration(self, name: str) -> str:
        """Return the column's line in CREATE TABLE."""
        kind = TYPES[self.type]
        rule = (self.may_be_null and kind.check_or_null) or kind.check
        checks = " AND ".join(filter(None, (rule.format(name=name), self.check)))
        null = "" if self.may_be_null else " NOT NULL"
        return f"{name} {kind.sql}{null}" + (f" CHECK ({checks})" if checks else "")

    def encode(self, value: Any) -> Any:
        """Return a field's value as SQLite stores it."""
        return None if value is None else TYPES[self.type].encode(value)

    def decode(self, stored: Any) -> Any:
        """Return a stored value as the record holds it."""
        if stored is None:
            return math.nan if self.type == "real" else None
        return TYPES[self.type].decode(stored)


def _plain(value: Any) -> Any:
    """Return `value` as JSON holds it; numpy's numbers and arrays as Python's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
