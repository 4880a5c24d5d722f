"""What is written into the ledger, and what a written forecast is read back as."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from volcast.pipeline.errors import LedgerError

Role = Literal["champion", "challenger", "fallback"]


def to_date(day: dt.date) -> dt.date:
    """Return a date without the time of day that pandas' dates have."""
    return day.date() if isinstance(day, dt.datetime) else day


def moment_text(moment: dt.datetime) -> str:
    """Return a moment as the ledger writes it: UTC with microseconds, ending in Z.

    Raises
    ------
    LedgerError
        It has no timezone.
    """
    if moment.tzinfo is None:
        raise LedgerError(f"a moment needs a timezone; {moment} has none; add datetime.UTC")
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_moment(text: str) -> dt.datetime:
    """Return the moment that `moment_text` wrote."""
    return dt.datetime.fromisoformat(text)


def numbers_text(numbers: Mapping[str, Any]) -> str:
    """Return numbers as JSON with sorted keys; what is not finite becomes null."""
    return json.dumps(_plain(numbers), sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class Forecast:
    """One forecast to be written.

    Attributes
    ----------
    origin, target_start, target_end : date
        The session whose close is the last thing known; the sessions that the forecast is about.
    horizon : int
        In sessions.
    ticker, calendar : str
        The ticker, and the exchange calendar it trades by.
    model, model_version : str
        Such as "network", "har"; the version in the registry, or what else tells fits apart.
    role : str
        "champion" is the one forecast that goes out for its origin, ticker and horizon.
    data_vintage : datetime
        Up to when the bars it was made from were fetched.
    data_hash, config_hash : str
        Of the bars and of the settings that it was made from.
    variance, lower, upper : float
        Mean daily variance over the target, and its prediction interval (NaN: none).
    clipped, fallback : bool
        Whether the insanity filter bounded it; whether a stand-in took the model's place.
    """

    origin: dt.date
    target_start: dt.date
    target_end: dt.date
    horizon: int
    ticker: str
    calendar: str
    model: str
    model_version: str
    role: Role
    data_vintage: dt.datetime
    data_hash: str
    config_hash: str
    variance: float
    lower: float = math.nan
    upper: float = math.nan
    clipped: bool = False
    fallback: bool = False

    def __str__(self) -> str:
        """Name the forecast as messages do."""
        return (
            f"the {self.horizon}-session forecast of {self.model} {self.model_version} for "
            f"{self.ticker} on {self.origin}"
        )


@dataclass(frozen=True)
class ForecastRow(Forecast):
    """A forecast as it stands in the ledger.

    Attributes
    ----------
    seq : int
        Its number in the chain.
    deadline, written_at : datetime
        It is live if it was written before its deadline (`volcast.pipeline.ledger.deadline`).
    """

    seq: int = 0
    deadline: dt.datetime = dt.datetime.min
    written_at: dt.datetime = dt.datetime.max

    @property
    def live(self) -> bool:
        """Whether it was written before its target began."""
        return self.written_at < self.deadline


@dataclass(frozen=True)
class Outcome:
    """What came of a target: NaN for `realized` where it turned out to be none."""

    origin: dt.date
    ticker: str
    horizon: int
    realized: float
    log_return: float  # of the one session of the target; NaN for longer ones
    source_hash: str  # of the bars it was computed from


@dataclass(frozen=True)
class Decision:
    """A decision with its numbers and its reason.

    Attributes
    ----------
    key : str
        What makes it this decision and no other, such as "gate 2026-11-20 7": a second with the
        same key is the same one.
    action : str
        Such as "registered", "promote", "keep", "demote", "rollback", "prune".
    subject : str
        What it is about: usually a model's version.
    numbers : mapping
        Whatever it rests on, as JSON can hold it.
    reason : str
        In words.
    who, why : str or None
        Of a manual override, both; else None.
    """

    key: str
    action: str
    subject: str
    reason: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    who: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class DecisionRow(Decision):
    """A decision as it stands in the ledger: with its number in the chain."""

    seq: int = 0


def forecast_values(forecast: Forecast, deadline: dt.datetime) -> tuple[Any, ...]:
    """Return the columns of a forecast in the order of the schema, but for the time of writing.

    Raises
    ------
    LedgerError
        The variance is no positive number; such a forecast must not go out.
    """
    if not (math.isfinite(forecast.variance) and forecast.variance > 0):
        raise LedgerError(
            f"{forecast} is {forecast.variance}: a variance must be above 0 and finite; "
            "write the fallback's instead"
        )
    return (
        *(
            to_date(day).isoformat()
            for day in (forecast.origin, forecast.target_start, forecast.target_end)
        ),
        *(int(forecast.horizon), forecast.ticker, forecast.model, forecast.model_version),
        *(forecast.role, forecast.calendar),
        *(moment_text(forecast.data_vintage), forecast.data_hash, forecast.config_hash),
        *(float(forecast.variance), real(forecast.lower), real(forecast.upper)),
        *(int(forecast.clipped), int(forecast.fallback), moment_text(deadline)),
    )


def forecast_row(record: Mapping[str, Any]) -> ForecastRow:
    """Return the forecast of a row read from the ledger."""
    values = dict(record)
    for name in ("origin", "target_start", "target_end"):
        values[name] = dt.date.fromisoformat(values[name])
    for name in ("data_vintage", "deadline", "written_at"):
        values[name] = read_moment(values[name])
    for name in ("lower", "upper"):
        values[name] = math.nan if values[name] is None else values[name]
    for name in ("clipped", "fallback"):
        values[name] = bool(values[name])
    return ForecastRow(**values)


def real(value: float) -> float | None:
    """Return a number as a table holds it: NaN is NULL."""
    return float(value) if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    """Return `value` as JSON holds it; numpy's numbers and arrays as Python's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
