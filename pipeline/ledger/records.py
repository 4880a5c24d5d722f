"""The records of the ledger; their annotations are the declaration of its columns.

To add a column, add a field to a record, with a default and a `Column` whose `since` is the next
format of the ledger::

    half_life: Annotated[float, Column("real", "half_life > 0", since=5)] = math.nan

The table, the hash, the upgrade of older ledgers, frames and exports follow (`schema`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from volcast.pipeline.errors import LedgerError
from volcast.pipeline.ledger.columns import Column

Role = Literal["champion", "challenger", "fallback"]
Text = Annotated[str, Column("text")]
Moment = Annotated[dt.datetime, Column("moment")]


@dataclass(frozen=True)
class Forecast:
    """One forecast to be written.

    Attributes
    ----------
    origin, target_start, target_end
        The session whose close is the last thing known; the first and last session forecast.
    horizon
        In sessions.
    ticker, calendar
        The ticker, and the calendar of its exchange.
    model, model_version
        Such as "network" or "har"; the version in the registry, or another name that
        distinguishes fits.
    role
        "champion" is the one forecast that is issued for its origin, ticker and horizon.
    data_vintage
        When the bars that it was made from were fetched.
    data_hash, config_hash
        Hashes of the bars and of the settings that it was made from.
    variance, lower, upper
        Mean daily variance over the target in the level of close-to-close returns, and its
        prediction interval (NaN if there is none).
    clipped, fallback
        Whether the insanity filter bounded it; whether a fallback replaced the model.
    level_factor
        What the model's forecast of the variance measure was multiplied by; NaN in rows of the
        first format, which were not.
    held
        Whether the bar of the origin was held back, or the one before it rejected, so that the
        forecast uses the bars before.
    pretrained
        The pretrained vintage that it was combined with, and the first digits of the hash of its
        record; None if there was none, or none that forecasts the horizon.
    short_history
        Whether the ticker had no year of history, so that its long-run features were unknown.
    intervals
        The bounds of further intervals by their probability, such as ``{"0.8": [lower, upper]}``,
        daily variances as `lower` and `upper` are; None if the settings ask for none.
    interval_level
        The probability of the interval from `lower` to `upper`; NaN if there is none, and in rows
        of the formats before 5, which did not keep it.
    """

    origin: Annotated[dt.date, Column("date")]
    target_start: Annotated[dt.date, Column("date", "target_start > origin")]
    target_end: Annotated[dt.date, Column("date", "target_end >= target_start")]
    horizon: Annotated[int, Column("integer", "horizon > 0")]
    ticker: Text
    calendar: Text
    model: Text
    model_version: Text
    role: Annotated[Role, Column("text", "role IN ('champion', 'challenger', 'fallback')")]
    data_vintage: Moment
    data_hash: Text
    config_hash: Text
    variance: Annotated[float, Column("real", "variance > 0")]
    lower: Annotated[float, Column("real", nullable=True)] = math.nan
    upper: Annotated[float, Column("real", "upper >= lower", nullable=True)] = math.nan
    clipped: Annotated[bool, Column("flag")] = False
    fallback: Annotated[bool, Column("flag")] = False
    level_factor: Annotated[float, Column("real", "level_factor > 0", since=2)] = math.nan
    held: Annotated[bool, Column("flag", since=2)] = False
    pretrained: Annotated[str | None, Column("text", since=3)] = None
    short_history: Annotated[bool, Column("flag", since=3)] = False
    intervals: Annotated[Mapping[str, list[float]] | None, Column("json", since=4)] = None
    interval_level: Annotated[
        float, Column("real", "interval_level > 0 AND interval_level < 1", since=5)
    ] = math.nan

    def __str__(self) -> str:
        """Name the forecast as messages do."""
        return (
            f"the {self.horizon}-session forecast of {self.model} {self.model_version} for "
            f"{self.ticker} on {self.origin}"
        )

    def check_variance(self) -> None:
        """Raise ``LedgerError`` unless the variance is a positive number.

        A forecast without one must not be issued.
        """
        if not (math.isfinite(self.variance) and self.variance > 0):
            raise LedgerError(
                f"{self} is {self.variance}: a variance must be finite and above 0; "
                "write the fallback's forecast instead"
            )


@dataclass(frozen=True)
class ForecastRow(Forecast):
    """A forecast read from the ledger.

    Attributes
    ----------
    seq
        Its number in the chain.
    deadline, written_at
        It is live if it was written before its deadline (`volcast.pipeline.ledger.deadline`).
    """

    seq: int = 0
    deadline: Moment = dt.datetime.min
    written_at: Moment = dt.datetime.max

    @property
    def live(self) -> bool:
        """Whether it was written before its target began."""
        return self.written_at < self.deadline


@dataclass(frozen=True)
class Outcome:
    """The outcome of a target.

    Attributes
    ----------
    origin, ticker, horizon
        The forecasts that it belongs to.
    realized
        Mean daily variance measure over the target; NaN if a revision showed that there is none.
        The table `scored` multiplies it by the `level_factor` of the forecast.
    log_return
        The return of the one session of the target; NaN for longer targets.
    source_hash
        Hash of the bars that it was computed from.
    """

    origin: Annotated[dt.date, Column("date")]
    ticker: Text
    horizon: Annotated[int, Column("integer", "horizon > 0")]
    realized: Annotated[float, Column("real", "realized >= 0", nullable=True)]
    log_return: Annotated[float, Column("real", nullable=True)]
    source_hash: Text


@dataclass(frozen=True)
class OutcomeRow(Outcome):
    """An outcome read from the ledger, with its number in the chain."""

    seq: int = 0
    written_at: Moment = dt.datetime.max


@dataclass(frozen=True)
class Decision:
    """A decision, with its numbers and its reason.

    Attributes
    ----------
    key
        Identifies the decision, such as "gate 2026-11-20"; a decision with a key that was written
        before is the same decision.
    action
        Such as "registered", "promote", "keep", "demote", "rollback", "prune".
    subject
        What it is about: usually a version of a model.
    reason
        One sentence.
    numbers
        What the decision rests on; anything that JSON can hold.
    who, why
        Of a manual override, both; otherwise None.
    """

    key: Text
    action: Text
    subject: Text
    reason: Annotated[str, Column("text", "length(reason) > 0")]
    numbers: Annotated[Mapping[str, Any], Column("json")] = field(default_factory=dict)
    who: Annotated[str | None, Column("text", nullable=True)] = None
    why: Annotated[str | None, Column("text", "(who IS NULL) = (why IS NULL)", nullable=True)] = (
        None
    )


@dataclass(frozen=True)
class DecisionRow(Decision):
    """A decision read from the ledger, with its number in the chain."""

    seq: int = 0
    written_at: Moment = dt.datetime.max


@dataclass(frozen=True)
class Alert:
    """An alert that is raised or cleared.

    Attributes
    ----------
    name, subject
        Which alert, such as "stale data", and what it is about, such as a ticker.
    state
        "raised" or "cleared".
    message
        One sentence for the reader.
    numbers
        What the message rests on.
    """

    name: Text
    subject: Text
    state: Annotated[Literal["raised", "cleared"], Column("text", "state IN ('raised', 'cleared')")]
    message: Text
    numbers: Annotated[Mapping[str, Any], Column("json")]


@dataclass(frozen=True)
class AlertRow(Alert):
    """An alert read from the ledger, with its number in the chain."""

    seq: int = 0
    written_at: Moment = dt.datetime.max
