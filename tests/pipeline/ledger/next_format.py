"""A later format of the ledger, as the next one may be: forecasts have two more columns."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Annotated

from tests.pipeline.ledger.samples import forecast
from volcast.pipeline.ledger.columns import Column
from volcast.pipeline.ledger.records import Forecast, ForecastRow
from volcast.pipeline.ledger.schema import SCHEMA, build_schema

NEXT_NUMBER = SCHEMA.format + 1
Level = Annotated[float, Column("real", "level > 0", since=NEXT_NUMBER)]
Note = Annotated[str | None, Column("text", since=NEXT_NUMBER)]


@dataclass(frozen=True)
class LevelForecast(Forecast):
    """A forecast with a level and a note."""

    level: Level = math.nan
    note: Note = None


@dataclass(frozen=True)
class LevelForecastRow(ForecastRow):
    """The same, read from the ledger."""

    level: Level = math.nan
    note: Note = None


RECORDS = {name: table.record for name, table in SCHEMA.tables.items()}
NEXT_FORMAT = build_schema(RECORDS | {"forecasts": LevelForecastRow})


def level_forecast(level: float, note: str | None = None, **changes: object) -> LevelForecast:
    plain = forecast(**changes)
    values = {each.name: getattr(plain, each.name) for each in fields(plain)}
    return LevelForecast(**values, level=level, note=note)
