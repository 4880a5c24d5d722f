"""Types of settings that several sections use, with their parsing and rules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from volcast.pipeline.config.dates import parse_date, parse_moment


def _check_distinct(values: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(values)) < len(values):
        raise ValueError("must not name a value twice")
    return values


Moment = Annotated[datetime | None, BeforeValidator(parse_moment)]
Day = Annotated[date | None, BeforeValidator(parse_date)]
Names = Annotated[tuple[str, ...], Field(strict=False)]  # TOML has lists
Horizon = Annotated[int, Field(ge=1, le=250)]
Horizons = Annotated[tuple[Horizon, ...], Field(strict=False), AfterValidator(_check_distinct)]
Units = Annotated[int, Field(ge=1, le=4096)]
