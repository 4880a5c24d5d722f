"""The documents of the API that are not rows of the ledger."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from volcast.pipeline.serve.api.field_types import Day, Moment


class Document(BaseModel):
    """A document without fields that are not described."""

    model_config = ConfigDict(extra="forbid")


class InputError(Document):
    """An input that breaks its rule."""

    name: str = Field(description="where it is, such as query.limit")
    message: str = Field(description="the rule")


class ProblemDocument(Document):
    """An error (RFC 9457)."""

    type: str
    title: str = Field(description="the status in words")
    status: int
    detail: str = Field(description="one sentence: what is wrong, and what helps")
    errors: list[InputError] | None = None


class TickerRow(Document):
    """A ticker that has been forecast."""

    ticker: str
    calendar: str = Field(description="the calendar of its exchange")
    first_origin: Day = Field(description="the first origin from which it was forecast")
    last_origin: Day = Field(description="the newest one")
    origins: int = Field(description="number of origins")


class ScoreRow(Document):
    """The live scores of a series: the issued forecasts, or those of a version."""

    horizon: int = Field(description="in sessions")
    series: str = Field(description="issued, or a version such as network 7")
    first: Day | None = Field(description="first origin that counts")
    last: Day | None = Field(description="last origin that counts")
    rows: int = Field(description="number of forecasts whose outcome is known")
    qlike: float | None = Field(
        description="mean QLIKE loss over tickers, then dates; without a unit, 0 is perfect"
    )
    ratio_to_har: float | None = Field(
        description="QLIKE over that of HAR on the same rows; below 1 is better than HAR"
    )
    coverage: float | None = Field(description="share of outcomes inside their interval, of 1")
    level_ratio: float | None = Field(
        description="mean squared return over mean forecast variance; should be 1"
    )
    beyond: float | None = Field(
        description="share of returns beyond 1.96 forecast standard deviations; some 0.05"
    )


class EventRow(Document):
    """A known report date."""

    ticker: str
    date: Day = Field(description="the day of the announcement at the exchange")
    time: Literal["before_open", "after_close", "unknown"] = Field(
        description="whether the session of that day or the next one is the first to trade on it"
    )
    kind: str = Field(description="earnings")
    learnt_at: Moment | None = Field(description="when it was learnt, in UTC; null if unknown")
    source: str
    authoritative: bool = Field(description="whether it records what happened, such as a filing")


class HeadDocument(Document):
    """The last row of the ledger: kept elsewhere, it proves all rows up to it."""

    seq: int = Field(description="number of the row; 0 if the ledger is empty")
    hash: str = Field(description="SHA-256 of the row and all before it, 64 hexadecimal digits")


class ProofDocument(Document):
    """The result of a verification of the ledger."""

    state: Literal["running", "intact", "damaged", "failed"] = Field(
        description="damaged: a row was altered, removed or inserted; failed: it cannot be read now"
    )
    detail: str | None = Field(description="what was found")
    head: HeadDocument | None = Field(description="the last row that was verified")
    rows: dict[str, int] | None = Field(description="number of rows by table")
    finished_at: Moment | None = Field(description="when the verification ended, in UTC")


class ChampionDocument(Document):
    """The version whose forecasts are issued."""

    version: int
    model: str
    digest: str = Field(description="SHA-256 of its folder")
    since: Moment | None = Field(
        description="when it became champion, in UTC; null: from the start"
    )
    reason: str | None = Field(description="why")
    who: str | None = Field(description="who decided by hand; null if the gate did")
    why: str | None


class VersionRow(Document):
    """What is known of a version of a model."""

    version: int
    model: str = Field(description="network or har")
    aliases: list[str] = Field(description="which of champion, challenger and fallback it is")
    source: Literal["registry", "ledger"] = Field(
        description="where this comes from: the registry, or only the ledger if it cannot be read"
    )
    registered_at: str | None = Field(description="in UTC")
    trained_through: str | None = Field(description="last session that it was fitted on")
    promoted_over: int | None = Field(description="the champion that it replaced")
    metrics: dict[str, float] = Field(
        description="QLIKE on the validation part by horizon and model; without a unit"
    )


class CurvePoint(Document):
    """Losses after an epoch, medians over the members of the network; without a unit."""

    epoch: int
    train_loss: float | None
    val_loss: float | None


class VersionDocument(VersionRow):
    """A version with its settings, hashes and training curves."""

    parameters: dict[str, str] = Field(description="settings of its training, as text")
    facts: dict[str, str] = Field(description="hashes, code version and the like")
    curves: list[CurvePoint]


class Check(Document):
    """One condition of readiness."""

    name: str
    passed: bool
    detail: str


class HealthDocument(Document):
    """The server runs."""

    status: Literal["alive"]
    version: str = Field(description="of volcast")


class ReadinessDocument(Document):
    """Whether the server can answer with current forecasts."""

    status: Literal["ready", "not ready"]
    checks: list[Check]


class JobDocument(Document):
    """A retraining that was asked for."""

    id: str
    state: Literal["running", "done", "failed", "stopped"]
    requested_by: str = Field(description="name of the token")
    started_at: Moment = Field(description="in UTC")
    ended_at: Moment | None = Field(description="in UTC")
    exit_code: int | None = Field(description="0: done; 3: done, and alerts are open")
    detail: str | None = Field(description="the error, if it failed")
    summary: dict[str, Any] | None = Field(description="what `volcast retrain --json` printed")


class ChangeDocument(Document):
    """The champion after a promotion or a rollback."""

    champion: str = Field(description="such as network 7")
    before: str = Field(description="the champion before; the same if nothing changed")
