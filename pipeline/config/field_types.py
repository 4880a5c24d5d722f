"""Types of settings that several sections use, with their parsing and rules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from volcast.pipeline.config.dates import parse_date, parse_moment

Number = TypeVar("Number", int, float)


def check_distinct(values: tuple[Number, ...]) -> tuple[Number, ...]:
    """Return the values; ``ValueError`` if one is named twice."""
    if len(set(values)) < len(values):
        raise ValueError("must not name a value twice")
    return values


def _parse_entries(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _check_entries(entries: tuple[str, ...]) -> tuple[str, ...]:
    if any(not entry.strip() for entry in entries):
        raise ValueError("must not hold an empty entry")
    return entries


Moment = Annotated[datetime | None, BeforeValidator(parse_moment)]
Day = Annotated[date | None, BeforeValidator(parse_date)]
Names = Annotated[tuple[str, ...], Field(strict=False)]  # TOML has lists
# One entry may stand without brackets.
Entries = Annotated[Names, BeforeValidator(_parse_entries), AfterValidator(_check_entries)]
Horizon = Annotated[int, Field(ge=1, le=250)]
Horizons = Annotated[tuple[Horizon, ...], Field(strict=False), AfterValidator(check_distinct)]
Units = Annotated[int, Field(ge=1, le=4096)]
