"""The rows of the ledger as models of the API, built from the columns of the ledger.

A column that is added to the ledger is served without a change here; `DESCRIPTIONS` says what it
holds, and in which unit.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from volcast.pipeline.ledger.columns import Column, TypeName
from volcast.pipeline.ledger.schema import SCHEMA
from volcast.pipeline.serve.api.field_types import Day, Moment

PYTHON_TYPES: dict[TypeName, Any] = {
    "date": Day,
    "moment": Moment,
    "text": str,
    "integer": int,
    "real": float,
    "flag": bool,
    "json": dict[str, Any],
}
VARIANCE = "daily variance, in squared log returns (0.0001 is 1 % a day)"
VOLATILITY = "annualised, in percent: 100 sqrt(252 variance), or 365 for assets that always trade"
DESCRIPTIONS = {
    "seq": "number of the row in the chain of the ledger",
    "origin": "the session whose close is the last thing known",
    "target_start": "first session of the target",
    "target_end": "last session of the target",
    "horizon": "sessions ahead: the target is the mean over so many sessions after the origin",
    "ticker": "the ticker, as the source of the bars names it",
    "model": "the kind of model, such as network or har",
    "model_version": "its number in the registry",
    "role": "champion (the forecast that was issued), challenger or fallback, when it was written",
    "calendar": "the calendar of the exchange, as exchange_calendars names it",
    "data_vintage": "when the bars were fetched, in UTC",
    "data_hash": "SHA-256 of the bars",
    "config_hash": "SHA-256 of the settings",
    "intervals": f"bounds of further intervals by their probability: {VARIANCE}",
    "variance": f"forecast of the mean over the target: {VARIANCE}",
    "interval_level": "nominal coverage of the interval, a share of 1; null if there is none, and "
    "in rows of the formats before 5",
    "lower": f"lower bound of the prediction interval: {VARIANCE}; null if there is none",
    "upper": f"upper bound of the prediction interval: {VARIANCE}; null if there is none",
    "clipped": "whether the forecast was bounded by the range seen in training",
    "fallback": "whether a fallback replaced the model",
    "level_factor": "what the model's forecast was multiplied by to reach the level of "
    "close-to-close returns, without a unit; null in rows of the first format",
    "held": "whether the bar of the origin was held back, so that the bars before were used",
    "pretrained": "the pretrained network that took part; null if there was none",
    "short_history": "whether the ticker had no year of history",
    "deadline": "the open of the target, in UTC: a forecast written before it is live",
    "written_at": "when the row was written, in UTC",
    "live": "whether the forecast was written before its deadline",
    "realized": f"outcome: {VARIANCE}; null if it is not known",
    "log_return": "log return of the session of the target, without a unit; null for longer ones",
    "source_hash": "SHA-256 of the bars behind the outcome",
    "key": "identifies the decision",
    "action": "registered, promote, keep, demote, rollback, shadow and so on",
    "subject": "what it is about, such as a version or a ticker",
    "numbers": "the figures behind it",
    "reason": "one sentence",
    "who": "who decided by hand; null if the gate did",
    "why": "why somebody decided by hand",
    "name": "which alert, such as stale data",
    "state": "raised or cleared",
    "message": "one sentence",
}
FORECAST_FIELDS: dict[str, tuple[Any, str]] = {
    "realized": (float | None, f"outcome in the level of the forecast: {VARIANCE}"),
    "log_return": (float | None, DESCRIPTIONS["log_return"]),
    "outcome_written_at": (Moment | None, "when the outcome was written, in UTC"),
    "volatility": (float | None, f"the forecast, {VOLATILITY}"),
    "volatility_lower": (float | None, f"lower bound of the interval, {VOLATILITY}"),
    "volatility_upper": (float | None, f"upper bound of the interval, {VOLATILITY}"),
    "volatility_realized": (float | None, f"the outcome, {VOLATILITY}"),
    "volatility_intervals": (
        dict[str, list[float]] | None,
        f"bounds of the further intervals by their probability, {VOLATILITY}",
    ),
}
Item = TypeVar("Item")


def _build_row(title: str, table: str, more: dict[str, tuple[Any, str]]) -> type[BaseModel]:
    """Return the model of a table's rows, with further fields."""
    columns = {"seq": Column("integer"), **SCHEMA.tables[table].columns}
    columns |= {name: column for name, (column, _) in SCHEMA.tables[table].computed.items()}
    fields: dict[str, Any] = {}
    for name, column in columns.items():
        kind = PYTHON_TYPES[column.type]
        optional = kind | None if column.may_be_null else kind
        fields[name] = (optional, Field(description=DESCRIPTIONS.get(name)))
    for name, (kind, words) in more.items():
        fields[name] = (kind, Field(description=words))
    return create_model(title, __config__=ConfigDict(extra="forbid"), **fields)


class Page(BaseModel, Generic[Item]):
    """A page of rows."""

    model_config = ConfigDict(extra="forbid")

    items: list[Item] = Field(description="the rows, the newest first")
    next: str | None = Field(description="the cursor of the next page; null on the last one")


def _build_page(title: str, table: str, more: dict[str, tuple[Any, str]]) -> type[BaseModel]:
    row = _build_row(title, table, more)
    return Page[row]  # type: ignore[valid-type]


ForecastPage = _build_page("Forecast", "forecasts", FORECAST_FIELDS)
OutcomePage = _build_page("Outcome", "outcomes", {})
DecisionPage = _build_page("Decision", "decisions", {})
AlertPage = _build_page("Alert", "alerts", {})
