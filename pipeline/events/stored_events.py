"""Events of a source of a network: asked for what is due, and read from the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from volcast.pipeline.config.settings import DataSettings
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.events.catalogue import list_event_sources
from volcast.pipeline.events.source_events import SourceEvents
from volcast.pipeline.progress import Progress


def load_stored_events(
    name: str,
    settings: DataSettings,
    tickers: Sequence[str],
    now: dt.datetime,
    progress: Progress,
) -> SourceEvents:
    """Return the stored events of some tickers from a source.

    Raises
    ------
    ConfigError
        There is no such source.
    """
    known = ", ".join((*list_event_sources(), "a file such as ./earnings.csv"))
    raise ConfigError(f"data.events must name one of {known}; got {name!r}")
