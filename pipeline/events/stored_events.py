"""Events of a source of a network: asked for what is due, and read from the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from volcast.pipeline.config.data_settings import DataSettings
from volcast.pipeline.data.contract.source import format_failures
from volcast.pipeline.data.download.circuit_breaker import RetryPolicy
from volcast.pipeline.data.download.rate_limit import TokenBucket
from volcast.pipeline.data.store.folders import data_folder
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.events.catalogue import list_event_sources
from volcast.pipeline.events.client import EventClient
from volcast.pipeline.events.factory import build_event_client, explain_unknown_source
from volcast.pipeline.events.refresh import EventRefresh, find_due
from volcast.pipeline.events.source_events import SourceEvents
from volcast.pipeline.events.store import EventStore, StoredLog
from volcast.pipeline.progress import Progress
from volcast.pipeline.text import format_count


def load_stored_events(
    name: str,
    settings: DataSettings,
    tickers: Sequence[str],
    now: dt.datetime,
    progress: Progress,
    *,
    retry_policy: RetryPolicy | None = None,
) -> SourceEvents:
    """Return the events of some tickers from a source, after asking for those that are due.

    With ``data.as_of`` nothing is asked for, and what was stored then is returned.

    Raises
    ------
    ConfigError
        There is no such source, or a setting that it needs is not given.
    StorageError
        A stored file is damaged.
    """
    store = open_event_store(name, settings)
    failures: dict[str, str] = {}
    if name not in list_event_sources() and not store.folder.is_dir():
        raise ConfigError(explain_unknown_source(name))
    if settings.as_of is None:
        client, calendar = build_event_client(name, settings), settings.calendar or None
        due = find_due(store.read(tickers), tickers, now, client.near_interval, calendar)
        if due:
            bucket = _open_bucket(client, settings)
            policy = retry_policy or RetryPolicy()
            failures = EventRefresh(client, store, bucket, now, policy, progress).run(due)
    # Another process may have stored more since the clock was read; a rebuild would not see it.
    stored = store.read(tickers, settings.as_of or now)
    return SourceEvents(
        name=name,
        events=stored.events,
        notes=_describe_failures(name, stored, failures, now),
        reasons=_collect_reasons(name, stored, failures, tickers),
        refreshed=max(stored.asked.values()).to_pydatetime() if stored.asked else None,
    )


def open_event_store(name: str, settings: DataSettings) -> EventStore:
    """Return the store of a source, beside those of the bars."""
    return EventStore(_data_folder(settings) / "events" / name, name)


def list_stored_sources(settings: DataSettings) -> tuple[str, ...]:
    """Return the names of the sources of events that anything is stored of."""
    folders = (_data_folder(settings) / "events").glob("[!.]*")
    return tuple(sorted(folder.name for folder in folders if any(folder.glob("*.parquet"))))


def _data_folder(settings: DataSettings) -> Path:
    return data_folder(Path(settings.dir) if settings.dir else None)


def _open_bucket(client: EventClient, settings: DataSettings) -> TokenBucket:
    file = _data_folder(settings) / client.rate_folder / ".rate.json"
    return TokenBucket(file, client.rate or settings.rate)


def _describe_failures(
    name: str, stored: StoredLog, failures: Mapping[str, str], now: dt.datetime
) -> tuple[str, ...]:
    """Return a note on the tickers that could not be asked for: what is used in their place."""
    if not failures:
        return ()
    asked = [stored.asked[ticker] for ticker in failures if ticker in stored.asked]
    absent = len(failures) - len(asked)
    used = []
    if asked:
        days = format_count((pd.Timestamp(now) - min(asked)).days, "day")
        used.append(f"what was stored by {min(asked):%Y-%m-%d} is used, {days} old")
    if absent:
        used.append(f"nothing is stored of {format_count(absent, 'ticker')}")
    count = format_count(len(failures), "ticker")
    return (f"{name}: {count} not up to date ({format_failures(failures)}); {'; '.join(used)}",)


def _collect_reasons(
    name: str, stored: StoredLog, failures: Mapping[str, str], tickers: Sequence[str]
) -> dict[str, str]:
    """Return for each ticker without an event why there is none."""
    known = set(stored.events["ticker"])
    absent = [ticker for ticker in tickers if ticker not in known]
    said = {**stored.reasons, **failures}
    return {ticker: said.get(ticker, f"{name} has no date of it") for ticker in absent}
