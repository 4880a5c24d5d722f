"""The sources of known events that the settings ask for."""

from __future__ import annotations

from volcast.pipeline.config.settings import Config

NO_EVENTS = ("none",)


def list_event_entries(config: Config) -> tuple[str, ...]:
    """Return the sources and files of events that the settings name.

    Examples
    --------
    >>> list_event_entries(Config.model_validate({"data": {"events": "none"}}))
    ()
    """
    return () if config.data.events == NO_EVENTS else config.data.events
