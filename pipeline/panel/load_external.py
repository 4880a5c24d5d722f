"""From the settings to what is known beside the bars: events and exogenous series."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.load import names_a_path
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Source
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
    StorageError
        A stored file of events is damaged.
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
    if not list_event_entries(config):
        return NOTHING_EXTERNAL.events, (), ()
    from volcast.pipeline.events.event_table import sort_events
    from volcast.pipeline.events.load_events import load_events
    from volcast.pipeline.events.revisions import active_versions

    tickers = list(bars["ticker"].unique())
    loaded = {
        entry: load_events(_select_source(config, entry), tickers, now, progress)
        for entry in list_event_entries(config)
    }
    events = sort_events(pd.concat([each.events for each in loaded.values()]))
    states = tuple(_describe_source(entry, each) for entry, each in loaded.items())
    notes = tuple(note for each in loaded.values() for note in each.notes)
    return active_versions(events)[list(VERSION_COLUMNS)], states, notes


def _select_source(config: Config, entry: str) -> Config:
    """Return the settings with one source of events: each is read alone, to tell its state."""
    data = config.data.model_copy(update={"events": (entry,)})
    return config.model_copy(update={"data": data})


def _describe_source(entry: str, loaded: LoadedEvents) -> EventSourceState:
    ((name, answered),) = loaded.refreshed.items()
    dates = loaded.events["date"]
    last = dates.max().date() if len(dates) else None
    return EventSourceState(name, names_a_path(entry), answered, last)
