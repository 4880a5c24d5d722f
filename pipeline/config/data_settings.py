"""The settings of the section ``data``: where prices, events and series are from."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from volcast.pipeline.config.choices import SourceName, format_choices
from volcast.pipeline.config.field_types import Day, Entries, Moment, Names
from volcast.pipeline.config.section import SettingsSection
from volcast.pipeline.data.sources.catalogue import (
    NEED_TICKERS,
    SOURCES,
    STORED_NAMES,
    describe_sources,
)

_STORED = format_choices(STORED_NAMES)


def _to_underscores(value: object) -> object:
    return value.replace("-", "_") if isinstance(value, str) else value


DateOrder = Annotated[
    Literal["", "day_first", "month_first", "year_first"], BeforeValidator(_to_underscores)
]


class DataSettings(SettingsSection):
    """The market data."""

    source: SourceName = Field(
        "sample", description=f"{describe_sources()}, or a source from an installed package"
    )
    tickers: Names = Field(
        (),
        description="tickers; empty: all tickers of the source "
        f"({' and '.join(NEED_TICKERS)} need them)",
    )
    start: Day = Field(None, description="first session, YYYY-MM-DD; empty: the first available")
    end: Day = Field(
        None, description="last session, inclusive; empty: the last one whose bar is final"
    )
    path: str = Field("", description="for files: a CSV or Parquet file, or a folder of them")
    dates: DateOrder = Field(
        "",
        description="for files: day_first, month_first or year_first; empty: the dates decide",
    )
    decimal: Literal["", ".", ","] = Field(
        "", description="for files: the decimal sign, . or ,; empty: the numbers decide"
    )
    timezone: str = Field(
        "",
        description="for files: where times without an offset were written, such as UTC; empty: "
        "at the exchange",
    )
    intraday: str = Field(
        "",
        description="file or folder of 1- or 5-minute bars; their realised variance becomes the "
        "target, and if source is files and path is empty, the daily bars are computed from them "
        "too",
    )
    events: Entries = Field(
        (),
        description="known report dates: any of edgar, yahoo, sample-stocks, a source from an "
        "installed package, and files or folders of your own, such as ./earnings.csv; empty: "
        "sample-stocks for the source sample-stocks, else none; none: no dates",
    )
    contact: str = Field(
        "", description="for edgar: your name and e-mail address, which the SEC wants to know"
    )
    exogenous: Entries = Field(
        (),
        description="series such as ^VIX whose changes are features, from the source of the "
        "tickers or from a file of your own, such as ^VIX=./vix.csv; empty: "
        f"{', '.join(SOURCES['sample'].exogenous)} for the sample, else none; none: no series",
    )
    overnight: Literal["sum", "hansen_lunde"] = Field(
        "sum",
        description="with intraday bars: add the squared overnight return to the realised variance "
        "(sum), or weight the two by the ticker's history (hansen_lunde)",
    )
    calendar: str = Field(
        "", description="exchange calendar, such as XLON, if it does not follow from the ticker"
    )
    dir: str = Field(
        "", description="folder of stored prices; empty: VOLCAST_DATA_DIR or the user's data folder"
    )
    as_of: Moment = Field(
        None, description=f"for {_STORED}: use only data stored by this time, and download nothing"
    )
    rate: float = Field(
        2.0, gt=0, le=100, description=f"for {_STORED}: maximum number of requests per second"
    )

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key if name else name
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("must be a time zone such as UTC or Asia/Tokyo") from error

    @field_validator("end")
    @classmethod
    def _check_order(cls, end: date | None, known: ValidationInfo) -> date | None:
        start = known.data.get("start")
        if start is not None and end is not None and end < start:
            raise ValueError(f"must not lie before data.start, {start}")
        return end
