"""The parameters of each route; an unknown one is refused, so that no typo returns all rows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from volcast.pipeline.serve.api.field_types import (
    CursorText,
    Day,
    Horizon,
    Levels,
    Moment,
    Ticker,
    Word,
)

DEFAULT_LIMIT, MAXIMUM_LIMIT = 100, 1000


class Parameters(BaseModel):
    """No other parameters than the declared ones."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class PageParameters(Parameters):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=MAXIMUM_LIMIT)] = Field(
        DEFAULT_LIMIT, description="maximum number of rows"
    )
    cursor: CursorText | None = Field(None, description="the `next` of the page before")


class OriginParameters(PageParameters):
    """Which rows of a table that has an origin."""

    ticker: Ticker | None = Field(None, description="only this ticker")
    horizon: Horizon | None = Field(None, description="only this horizon, in sessions")
    origin: Day | None = Field(None, description="only this origin")
    first: Day | None = Field(None, alias="from", description="this origin and later ones")
    last: Day | None = Field(None, alias="to", description="this origin and earlier ones")
    as_of: Moment | None = Field(
        None, description="only what had been written by this moment, outcomes included"
    )


class ForecastParameters(OriginParameters):
    """Which forecasts."""

    role: Literal["champion", "challenger", "fallback", "all"] = Field(
        "champion", description="champion: the forecasts that were issued"
    )
    levels: Levels | None = Field(
        None,
        description="only forecasts with an interval of one of these nominal coverages, shares of "
        "1 separated by commas; of their further intervals only these",
    )


class DecisionParameters(PageParameters):
    """Which decisions."""

    action: Word | None = Field(None, description="only this action, such as promote")
    subject: Word | None = Field(None, description="only about this, such as network 7")


class AlertParameters(PageParameters):
    """Which alerts."""

    name: Word | None = Field(None, description="only this alert, such as stale data")
    subject: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="only about this, such as a ticker"
    )
    state: Literal["raised", "cleared", "open"] | None = Field(
        None, description="open: raised and not cleared since, in one page"
    )


class ScoreParameters(Parameters):
    """Which scores."""

    ticker: Ticker | None = Field(None, description="only this ticker; else all pooled")
    sessions: Annotated[int, Field(ge=1, le=2500)] = Field(
        250, description="the number of origins, counted from the newest one"
    )


class EventParameters(Parameters):
    """Which report dates."""

    ticker: Ticker | None = Field(None, description="only this ticker")
    first: Day | None = Field(None, alias="from", description="this day and later ones")
    last: Day | None = Field(None, alias="to", description="this day and earlier ones")
    limit: Annotated[int, Field(ge=1, le=MAXIMUM_LIMIT)] = Field(
        DEFAULT_LIMIT, description="maximum number of rows, the earliest"
    )


class NoParameters(Parameters):
    """No parameters."""
