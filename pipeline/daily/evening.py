"""One evening's work for one origin; every step may be repeated and then changes nothing.

Outcomes are joined first, then a challenger is trained where one is due, then the gate decides, and
only then forecasts go out. A process killed anywhere is finished by the next call: what is in the
ledger and the registry is kept, the rest is done.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from features.panel import Panel
from models.catalogue import NETWORK, REFERENCE
from pipeline import artifacts
from pipeline.config import Config
from pipeline.config_text import to_toml
from pipeline.daily.forecasting import Cell, cells, network_cells
from pipeline.daily.judging import CHANGES, decision_of, past_errors
from pipeline.daily.standing import Standing
from pipeline.daily.training import fitted_har, train
from pipeline.daily.watching import observe, stale, tell, update_alerts
from pipeline.errors import VolcastError
from pipeline.ledger.joining import outcomes_of
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.records import Decision, Forecast, Role
from pipeline.model_folder import save_model
from pipeline.panels import calendars_of
from pipeline.progress import Progress
from pipeline.promotion import Grounds, name_of, promote
from pipeline.versions import Facts, Version
from reports.monitoring.alerts import Alert

MODEL_SECTIONS = ("data", "target", "features", "split", "model")
NEVER_GROWS = ("sample",)  # sources whose prices end in the past
FORGOTTEN = {"data": {"start", "end", "path"}}  # these say which bars, not what is made of them


@dataclass(frozen=True)
class Evening:
    """What one evening works with.

    Attributes
    ----------
    config, panel
        The settings; features and targets, of which nothing after `origin` is used.
    origin : int
        Position of the session whose close is the last thing known.
    now, vintage : datetime
        The clock; up to when the bars were fetched.
    data_hash : mapping
        Of each ticker's bars.
    ledger, standing
        Open for writing; who is champion.
    """

    config: Config
    panel: Panel
    origin: int
    now: dt.datetime
    vintage: dt.datetime
    data_hash: Mapping[str, str]
    ledger: Ledger
    standing: Standing
    progress: Progress = field(default_factory=Progress)

    @property
    def day(self) -> pd.Timestamp:
        """The origin's date."""
        return pd.Timestamp(self.panel.sessions[self.origin])


@dataclass(frozen=True)
class Summary:
    """What an evening did."""

    origin: dt.date
    outcomes: int
    trained: str | None
    decision: str
    champion: str
    forecasts: int
    raised: tuple[Alert, ...] = ()
    open_alerts: tuple[Alert, ...] = ()
    notes: tuple[str, ...] = ()

    def line(self) -> str:
        """Return the evening in one line, as a log wants it."""
        parts = [
            f"{self.origin}: {self.forecasts} new forecasts, {self.outcomes} outcomes",
            f"champion {self.champion}",
            f"trained {self.trained}" if self.trained else "nothing trained",
            f"{len(self.open_alerts)} alerts open, {len(self.raised)} new",
            *self.notes,
        ]
        return "; ".join(parts)


def run_evening(evening: Evening, *, if_due: bool = True) -> Summary:
    """Do the evening's work; return what was done.

    A challenger is trained, or with `if_due` only where one is due. A training that fails is told
    in a note; the champion's forecasts go out all the same. An evening before one that is in the
    ledger is over, and nothing is done.
    """
    if _is_over(evening):
        champion = name_of(evening.standing.champion)
        return Summary(evening.day.date(), 0, None, "a later evening is in the ledger", champion, 0)
    outcomes = _join_outcomes(evening)
    notes: list[str] = []
    if evening.standing.problem:
        notes.append(evening.standing.problem)
        trained, decision = None, "nothing was decided: the registry cannot be read"
    else:
        trained = _retrain(evening, if_due, notes)
        decision = _decide(evening)
    written = _forecast(evening, notes)
    raised, still_open = _watch(evening)
    failed = tell(evening.config.job, raised)
    return Summary(
        origin=evening.day.date(),
        outcomes=outcomes,
        trained=trained,
        decision=decision,
        champion=name_of(evening.standing.champion),
        forecasts=written,
        raised=tuple(raised),
        open_alerts=tuple(still_open),
        notes=(*notes, *([failed] if failed else [])),
    )


def _is_over(evening: Evening) -> bool:
    """Return whether forecasts of a later origin have gone out: nothing is added to this one."""
    return bool((evening.ledger.table("forecasts")["origin"] > evening.day).any())


def config_hash(config: Config) -> str:
    """Return the hash of the settings that a model depends on."""
    values = {
        name: {
            key: value
            for key, value in getattr(config, name).model_dump(mode="json").items()
            if key not in FORGOTTEN.get(name, set())
        }
        for name in MODEL_SECTIONS
    }
    return artifacts.digest_of(values)


def due(evening: Evening) -> str | None:
    """Return why a challenger is to be trained, or None."""
    newest = evening.standing.newest
    if newest is None:
        return "there is no network yet"
    if newest.facts["config_hash"] != config_hash(evening.config):
        return "the settings have changed"
    if evening.standing.model(newest).tickers != evening.panel.tickers:
        return "the tickers have changed"
    through = pd.Timestamp(newest.facts["trained_through"])
    since = evening.origin - int(evening.panel.sessions.searchsorted(through)) - 1
    every = evening.config.job.retrain_every
    if since >= every:
        return f"{since} sessions have passed since the last, {every} are asked for"
    drift = evening.ledger.open_alerts()
    fresh = drift[(drift["name"] == "loss drift") & (drift["written_at"] > newest_time(newest))]
    return "the loss has drifted" if len(fresh) else None


def _trained_tonight(evening: Evening) -> bool:
    """Return whether the newest network is the one that a training now would make."""
    newest = evening.standing.newest
    return newest is not None and (
        newest.facts["trained_through"] == str(evening.panel.sessions[evening.origin - 1].date())
        and newest.facts["config_hash"] == config_hash(evening.config)
        and evening.standing.model(newest).tickers == evening.panel.tickers
    )


def newest_time(version: Version) -> pd.Timestamp:
    """Return when a version was registered."""
    return pd.Timestamp(version.facts["registered_at"])


def _join_outcomes(evening: Evening) -> int:
    known = _until(evening.panel, evening.origin)
    awaited = evening.ledger.awaited(evening.day.date())
    return evening.ledger.add_outcomes(
        outcomes_of(awaited, known, evening.data_hash), now=evening.now
    )


def _until(panel: Panel, origin: int) -> Panel:
    """Return the panel with the targets that are not known at `origin` taken out."""
    known = panel.target_end <= panel.sessions.to_numpy()[origin]
    return replace(panel, target=np.where(known, panel.target, np.nan))


def _retrain(evening: Evening, if_due: bool, notes: list[str]) -> str | None:
    """Train a challenger where there is a reason to; return its name."""
    reason = due(evening) or (None if if_due else "it was asked for")
    if reason is None or _trained_tonight(evening):
        _tell_of_newest(evening, "a call before this one, which was cut off, had trained it")
        return None
    evening.progress.stage(f"training a challenger: {reason}")
    try:
        version = _registered(evening)
    except VolcastError as error:
        notes.append(f"no challenger was trained: {error}")
        return None
    _tell_of_newest(evening, reason)
    return name_of(version)


def _tell_of_newest(evening: Evening, reason: str) -> None:
    """Write into the ledger that the newest network was trained, unless it says so already."""
    newest, decisions = evening.standing.newest, evening.ledger.table("decisions")
    if newest is None or (decisions["key"] == f"register {newest.number}").any():
        return
    decision = Decision(
        key=f"register {newest.number}",
        action="registered",
        subject=name_of(newest),
        numbers={**newest.metrics, "backtest": _validation_scores(newest.metrics)},
        reason=f"trained through {newest.facts['trained_through']}: {reason}",
    )
    evening.ledger.add_decision(decision, now=evening.now)


def _validation_scores(metrics: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Return QLIKE on the validation part, and its ratio to HAR's, by horizon."""
    found = {}
    for name, value in metrics.items():
        horizon, _, model = name.removeprefix("validation_qlike_").partition("_")
        har = metrics.get(f"validation_qlike_{horizon}_{REFERENCE}")
        if model == NETWORK and har:
            found[horizon] = {"qlike": value, "ratio_to_har": value / har}
    return found


def _registered(evening: Evening) -> Version:
    """Return the version trained at this origin; one that is registered already is that one."""
    config, standing = evening.config, evening.standing
    made_from = {
        "config": config_hash(config),
        "data": dict(evening.data_hash),
        "origin": str(evening.day.date()),
    }
    past = past_errors(evening.ledger, standing, evening.day)
    challenger = train(evening.panel, config, evening.origin, past)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        folder.mkdir()
        save_model(folder, challenger.model)
        version = standing.registry.register(
            folder,
            Facts(
                key=artifacts.digest_of(made_from),
                model=NETWORK,
                data_hash=artifacts.digest_of(dict(evening.data_hash)),
                config_hash=config_hash(config),
                parameters={f"model.{k}": v for k, v in config.model.model_dump().items()},
                metrics=challenger.metrics,
                curves=challenger.history,
                configuration=to_toml(config),
                trained_through=challenger.model.trained_through,
            ),
            now=evening.now,
        )
    standing.registry.set_challenger(version)
    standing.refresh()
    return version


def _decide(evening: Evening) -> str:
    """Let the gate decide once an origin, and carry out what it decided, also after a kill."""
    standing, ledger = evening.standing, evening.ledger
    key = f"gate {evening.day.date()}"
    decisions = ledger.table("decisions")
    if not (decisions["key"] == key).any():
        judged = decision_of(ledger, standing, evening.config.job)
        version = _winner(judged.action, standing)
        numbers = {**judged.numbers, "version": version.number}
        decision = Decision(
            key=key,
            action=judged.action,
            subject=name_of(version),
            numbers=numbers,
            reason=judged.reason,
        )
        ledger.add_decision(decision, now=evening.now)
        decisions = ledger.table("decisions")
    place = int(np.flatnonzero(decisions["key"] == key)[-1])
    decided, later = decisions.iloc[place], decisions.iloc[place + 1 :]
    if decided["action"] in CHANGES and not later["action"].isin(CHANGES).any():
        number = int(json.loads(decided["numbers"])["version"])
        grounds = Grounds(str(decided["reason"]), {"decision": key})
        promote(standing.registry, ledger, number, grounds, now=evening.now)
        standing.refresh()
    return str(decided["reason"])


def _winner(action: str, standing: Standing) -> Version:
    if action == "promote" and standing.challenger is not None:
        return standing.challenger
    return standing.registry.fallback() if action == "demote" else standing.champion


def _forecast(evening: Evening, notes: list[str]) -> int:
    """Write the forecasts of champion, challenger and HAR; return how many were new."""
    standing, level = evening.standing, evening.config.report.interval
    champion, challenger = standing.champion, standing.challenger
    written = []
    roles: tuple[tuple[Version | None, Role], ...] = (
        (champion, "champion"),
        (challenger, "challenger"),
    )
    for version, role in roles:
        if version is None or version.model != NETWORK:
            continue
        try:
            made = network_cells(standing.model(version), evening.panel, evening.origin, level)
        except VolcastError as error:
            notes.append(f"{name_of(version)} gave no forecast: {error}")
            continue
        written += _rows(evening, made, NETWORK, str(version.number), role)
    out = any(row.role == "champion" for row in written)
    written += _har_rows(evening, "fallback" if out else "champion")
    return evening.ledger.add_forecasts(written, now=evening.now)


def _har_rows(evening: Evening, role: Role) -> list[Forecast]:
    """Return HAR's forecasts; they go out where no network's do."""
    newest = evening.standing.newest
    first = evening.origin
    errors: Mapping[int, np.ndarray] = {}
    if newest is not None:
        through = pd.Timestamp(newest.facts["trained_through"])
        first = int(evening.panel.sessions.searchsorted(through)) + 1
        errors = evening.standing.model(newest).har_log_residuals
    har, bounds = fitted_har(evening.panel, evening.config, first)
    level = evening.config.report.interval
    made = cells(har, bounds, errors, evening.panel, evening.origin, level)
    version = str(evening.panel.sessions[first - 1].date())
    return _rows(evening, made, REFERENCE, version, role)


def _watch(evening: Evening) -> tuple[list[Alert], list[Alert]]:
    """Observe, and write which alerts begin and end."""
    newest, panel = evening.standing.newest, evening.panel
    trained = evening.origin
    if newest is not None:
        through = pd.Timestamp(newest.facts["trained_through"])
        trained = int(panel.sessions.searchsorted(through)) + 1
    names = calendars_of(panel.tickers, evening.config)
    grows = evening.config.data.source not in NEVER_GROWS
    observations = [
        *(stale(panel, evening.origin, evening.now, names) if grows else []),
        *observe(evening.ledger, panel, evening.origin, trained, evening.config.report.interval),
    ]
    return update_alerts(evening.ledger, observations, evening.day.date(), now=evening.now)


def _rows(
    evening: Evening, made: list[Cell], model: str, version: str, role: Role
) -> list[Forecast]:
    calendar = calendars_of(evening.panel.tickers, evening.config)
    return [
        Forecast(
            origin=evening.day.date(),
            target_start=cell.target_start.date(),
            target_end=cell.target_end.date(),
            horizon=cell.horizon,
            ticker=cell.ticker,
            calendar=calendar[cell.ticker],
            model=model,
            model_version=version,
            role=role,
            data_vintage=evening.vintage,
            data_hash=evening.data_hash[cell.ticker],
            config_hash=config_hash(evening.config),
            variance=cell.variance,
            lower=cell.lower,
            upper=cell.upper,
            clipped=cell.clipped,
            fallback=cell.fallback,
        )
        for cell in made
    ]
