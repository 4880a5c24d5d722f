"""Types of parameters and fields, each with its rule and how OpenAPI describes it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from volcast.pipeline.serve.reading.cursor import MAXIMUM_LENGTH

# Moments beyond these are taken as these: no ledger is older, and none will be younger.
FIRST, LAST = dt.datetime(1900, 1, 1, tzinfo=dt.UTC), dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
LARGEST_NUMBER = 2**31 - 1  # of versions, horizons and the like
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*$"
# One line with something to read in it.
SENTENCE = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"


def _parse_day(value: Any) -> Any:
    """Return a date in the one form that is accepted; Pydantic would also take numbers."""
    if isinstance(value, str):
        if not DAY.fullmatch(value):
            raise ValueError("must be a date such as 2018-01-31")
        return dt.date.fromisoformat(value)
    return value


def _parse_moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value.replace(" ", "+"))
        except ValueError as error:
            raise ValueError("must be a moment such as 2018-01-31T22:00:00Z") from error
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError("needs a timezone, such as the Z of 2018-01-31T22:00:00Z")
        value = min(max(value, FIRST), LAST)
    return value


def _split_levels(value: Any) -> Any:
    """Return numbers separated by commas as a list."""
    parts = value if isinstance(value, list) else [value]
    return [text for part in parts for text in str(part).split(",")]


Day = Annotated[
    dt.date,
    BeforeValidator(_parse_day),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2018-01-31"]}),
]
Moment = Annotated[
    dt.datetime,
    BeforeValidator(_parse_moment),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2018-01-31T22:00:00.000000Z"]}
    ),
]
Ticker = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
Horizon = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
VersionNumber = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
CursorText = Annotated[
    str, Field(min_length=1, max_length=MAXIMUM_LENGTH, pattern=r"^[A-Za-z0-9_-]+$")
]
Levels = Annotated[list[Annotated[float, Field(gt=0, lt=1)]], BeforeValidator(_split_levels)]
