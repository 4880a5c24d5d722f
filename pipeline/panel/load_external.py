"""From the settings to what is known beside the bars: events and exogenous series."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.load import names_a_path
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Source
from volcast.pipeline.errors import StorageError
from volcast.pipeline.panel.external import (
    NOTHING_EXTERNAL,
    VERSION_COLUMNS,
    EventSourceState,
    ExternalData,
)
from volcast.pipeline.panel.load_series import describe_old_series, load_series
from volcast.pipeline.progress import Progress

if TYPE_CHECKING:
    from volcast.pipeline.events.load_events import LoadedEvents


def load_external(
    config: Config, bars: pd.DataFrame, source: Source, now: dt.datetime, progress: Progress
) -> ExternalData:
    """Load the events and the exogenous series that the settings ask for.

    Parameters
    ----------
    config
        Its section ``data`` names the sources.
    bars
        Of the tickers whose events are loaded.
    source
        Of the bars; it is asked for the series that have no file of their own.
    now
        The clock, with a timezone: what was learnt later is left out.
    progress
        Gets the messages of the sources.

    Raises
    ------
    ConfigError, DataError
        A file that the settings name is missing or malformed.
    """
    series, notes = load_series(config, source, now)
    notes = (*notes, *describe_old_series(series, bars["session"].max(), config))
    events, states, event_notes = _load_events(config, bars, now, progress)
    notes = (*notes, *event_notes)
    for note in notes:
        progress.note(note)
    return ExternalData(events, series, notes, states)


def _load_events(
    config: Config, bars: pd.DataFrame, now: dt.datetime, progress: Progress
) -> tuple[pd.DataFrame, tuple[EventSourceState, ...], tuple[str, ...]]:
    """Return the versions of the tickers' events, the state of each source, and their notes."""
    entries = list_event_entries(config)
    if not entries:
        return NOTHING_EXTERNAL.events, (), ()
    from volcast.pipeline.events.event_table import sort_events
    from volcast.pipeline.events.revisions import active_versions

    tickers = list(bars["ticker"].unique())
    loaded = [_load_source(config, entry, tickers, now, progress) for entry in entries]
    events = sort_events(pd.concat([source.events for source, _ in loaded]))
    states = tuple(
        _describe_source(entry, source, faults)
        for entry, (source, faults) in zip(entries, loaded, strict=True)
    )
    notes = tuple(note for source, faults in loaded for note in (*source.notes, *faults))
    return active_versions(events)[list(VERSION_COLUMNS)], states, notes


def _load_source(
    config: Config, entry: str, tickers: list[str], now: dt.datetime, progress: Progress
) -> tuple[LoadedEvents, tuple[str, ...]]:
    """Return the events of one source, read alone to tell its state, and what is wrong with it.

    A stored file that is damaged costs the dates of its ticker, and one that cannot be written the
    new dates; neither stops the forecasts of the others.
    """
    from volcast.pipeline.events.load_events import load_events

    chosen = _change_data(config, events=(entry,))
    try:
        return load_events(chosen, tickers, now, progress), ()
    except StorageError:
        if names_a_path(entry):
            raise
    damaged = _find_damaged_files(config, entry, tickers)
    faults = [f"no dates of {ticker} are used: {reason}" for ticker, reason in damaged.items()]
    readable = [ticker for ticker in tickers if ticker not in damaged]
    try:
        return load_events(chosen, readable, now, progress), tuple(faults)
    except StorageError as error:
        faults.append(f"{entry}: its answers cannot be stored, and what is stored is used: {error}")
    stored = _change_data(chosen, as_of=config.data.as_of or now)
    return load_events(stored, readable, now, progress), tuple(faults)


def _change_data(config: Config, **values: object) -> Config:
    """Return the settings with other values in the section ``data``."""
    return config.model_copy(update={"data": config.data.model_copy(update=values)})


def _find_damaged_files(config: Config, name: str, tickers: list[str]) -> dict[str, str]:
    """Return the tickers whose stored file cannot be read, each with the reason."""
    from volcast.pipeline.events.stored_events import open_event_store

    store, damaged = open_event_store(name, config.data), {}
    for ticker in tickers:
        try:
            store.read([ticker])
        except StorageError as error:
            damaged[ticker] = str(error)
    return damaged


def _describe_source(entry: str, loaded: LoadedEvents, faults: tuple[str, ...]) -> EventSourceState:
    ((name, answered),) = loaded.refreshed.items()
    dates = loaded.events["date"]
    last = dates.max().date() if len(dates) else None
    return EventSourceState(name, names_a_path(entry), answered, last, faults)
