"""From the settings to what is known beside the bars: events and exogenous series."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from volcast.pipeline.config.settings import Config
from volcast.pipeline.panel.external import (
    NOTHING_EXTERNAL,
    VERSION_COLUMNS,
    ExternalData,
)
from volcast.pipeline.progress import Progress


def load_external(
    config: Config, tickers: Sequence[str], now: dt.datetime, progress: Progress
) -> ExternalData:
    """Load the events and the exogenous series that the settings ask for.

    Parameters
    ----------
    config
        Its section ``data`` names the sources.
    tickers
        Whose events are loaded.
    now
        The clock, with a timezone: what was learnt later is left out.
    progress
        Gets the messages of the sources.

    Raises
    ------
    ConfigError, DataError
        A file that the settings name is missing or malformed.
    """
    if not config.data.events:
        return NOTHING_EXTERNAL
    from volcast.pipeline.events.load_events import load_events
    from volcast.pipeline.events.revisions import active_versions

    loaded = load_events(config, tickers, now, progress)
    for note in loaded.notes:
        progress.note(note)
    versions = active_versions(loaded.events)
    return ExternalData(versions[list(VERSION_COLUMNS)], NOTHING_EXTERNAL.series)
