"""From the settings to the known events of some tickers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.sources.catalogue import find_entry
from volcast.pipeline.events.event_files import find_event_file, load_event_files
from volcast.pipeline.events.event_table import (
    build_empty_event_table,
    compute_event_hash,
    sort_events,
)
from volcast.pipeline.events.source_events import SourceEvents
from volcast.pipeline.progress import Progress


@dataclass(frozen=True, eq=False)
class LoadedEvents:
    """Known events, and how they were obtained.

    Parameters
    ----------
    events
        An event table: the rows known at the requested moment, and those of which it is not known
        when they were learnt.
    notes
        Messages for the user, such as that a source failed and how old its dates are.
    failures
        Ticker to the reason, for each requested ticker without any event.
    refreshed
        Source to the moment at which it last answered; None for files, or if it never did.
    content
        The SHA-256 of the table.
    """

    events: pd.DataFrame
    notes: tuple[str, ...]
    failures: Mapping[str, str]
    refreshed: Mapping[str, dt.datetime | None]
    content: str


def load_events(
    config: Config, tickers: Sequence[str], now: dt.datetime, progress: Progress
) -> LoadedEvents:
    """Return the events of some tickers from the sources of ``data.events``.

    Sources of a network are asked for what is due and read from the store; with ``data.as_of``
    nothing is asked for. If a source fails, what it last reported is used.

    Parameters
    ----------
    config
        Its section ``data`` names the sources.
    tickers
        The tickers whose events are returned.
    now
        The clock, with a timezone; rows learnt later are left out.
    progress
        Notified of each ticker that is asked for, and of pauses.

    Raises
    ------
    ConfigError
        A source is unknown, or needs a setting that is not given.
    DataError
        A file does not exist or cannot be read as events.
    StorageError
        A stored file is damaged.

    Examples
    --------
    >>> moment = dt.datetime(2024, 6, 1, tzinfo=dt.timezone.utc)
    >>> len(load_events(Config(), ("AAPL",), moment, Progress()).events)  # no source is set
    0
    """
    names = list(dict.fromkeys(tickers))
    entries = list_event_entries(config)
    loaded = [_load_source(entry, config, names, now, progress) for entry in entries]
    known = pd.concat([build_empty_event_table(), *(one.events for one in loaded)])
    cut = pd.Timestamp(min(now, config.data.as_of or now))
    events = sort_events(known[~(known["learnt_at"] > cut)])
    return LoadedEvents(
        events=events,
        notes=tuple(note for one in loaded for note in one.notes),
        failures=_collect_failures(loaded, names, events) if loaded else {},
        refreshed={one.name: one.refreshed for one in loaded},
        content=compute_event_hash(events),
    )


def _load_source(
    entry: str, config: Config, tickers: list[str], now: dt.datetime, progress: Progress
) -> SourceEvents:
    file = find_event_file(entry)
    if file is not None:
        loaded = load_event_files(file, tickers, now)
        # Dates that come with the bars end where these do, which is no news.
        own = entry in find_entry(config.data.source).events
        return replace(loaded, notes=()) if own else loaded
    from volcast.pipeline.events.stored_events import load_stored_events

    return load_stored_events(entry, config.data, tickers, now, progress)


def _collect_failures(
    loaded: Sequence[SourceEvents], tickers: Sequence[str], events: pd.DataFrame
) -> dict[str, str]:
    """Return for each ticker without an event what the sources say about it."""
    absent = set(tickers) - set(events["ticker"])
    return {
        ticker: "; ".join(one.reasons[ticker] for one in loaded if ticker in one.reasons)
        or "no event was known then"
        for ticker in tickers
        if ticker in absent
    }
