"""From the settings to what is known beside the bars: events and exogenous series."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Source
from volcast.pipeline.panel.external import NOTHING_EXTERNAL, VERSION_COLUMNS, ExternalData
from volcast.pipeline.panel.load_series import describe_old_series, load_series
from volcast.pipeline.progress import Progress


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
    for note in notes:
        progress.note(note)
    return ExternalData(_load_events(config, bars, now, progress), series, notes)


def _load_events(
    config: Config, bars: pd.DataFrame, now: dt.datetime, progress: Progress
) -> pd.DataFrame:
    """Return the versions of the events of the tickers."""
    if not list_event_entries(config):
        return NOTHING_EXTERNAL.events
    from volcast.pipeline.events.load_events import load_events
    from volcast.pipeline.events.revisions import active_versions

    loaded = load_events(config, list(bars["ticker"].unique()), now, progress)
    for note in loaded.notes:
        progress.note(note)
    versions = active_versions(loaded.events)
    return versions[list(VERSION_COLUMNS)]
