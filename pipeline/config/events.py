"""The sources of known events that the settings ask for."""

from __future__ import annotations

from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.sources.catalogue import find_entry

NO_EVENTS = ("none",)


def list_event_entries(config: Config) -> tuple[str, ...]:
    """Return the sources and files of events that the settings name.

    Examples
    --------
    >>> list_event_entries(Config.model_validate({"data": {"events": "none"}}))
    ()
    """
    return () if config.data.events == NO_EVENTS else config.data.events


def with_default_events(config: Config) -> Config:
    """Return the settings with the events of the source of the bars, if they name none.

    Runs and jobs record them, so that another default later does not change what they mean.

    Examples
    --------
    >>> config = Config.model_validate({"data": {"source": "sample-stocks"}})
    >>> with_default_events(config).data.events
    ('sample-stocks',)
    """
    default = find_entry(config.data.source).events
    if config.data.events or not default:
        return config
    data = config.data.model_copy(update={"events": default})
    return config.model_copy(update={"data": data})
