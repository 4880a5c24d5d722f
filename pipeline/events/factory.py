"""Building a client of events from its name: one of the catalogue, or one of a package."""

from __future__ import annotations

import importlib
from typing import Any

from volcast.pipeline.config.data_settings import DataSettings
from volcast.pipeline.data.sources.entry_point import explain_load_failure, find_entry_point
from volcast.pipeline.events.catalogue import EVENT_SOURCES, GROUP, list_event_sources
from volcast.pipeline.events.client import EventClient


def build_event_client(name: str, settings: DataSettings) -> EventClient:
    """Return the client called `name`, one of `list_event_sources`.

    Parameters
    ----------
    name
        An entry of ``data.events``.
    settings
        volcast's own clients are built from them; those of packages without arguments.

    Raises
    ------
    ConfigError
        There is no such source, it cannot be loaded, or a setting that it needs is not given.
    """
    if name in EVENT_SOURCES:
        module, _, found = EVENT_SOURCES[name].partition(":")
        own: EventClient = getattr(importlib.import_module(module), found)(settings)
        return own
    from volcast.pipeline.events.plugin import PluginEvents

    subject = f"source {name!r} of events"
    point = find_entry_point(GROUP, name, subject, unknown=explain_unknown_source(name))
    with explain_load_failure(subject):
        source: Any = point.load()()
    return PluginEvents(name, source)


def explain_unknown_source(name: str) -> str:
    """Return what ``data.events`` may name.

    Examples
    --------
    >>> explain_unknown_source("edgr")[-39:]
    "file such as ./earnings.csv; got 'edgr'"
    """
    known = ", ".join((*list_event_sources(), "a file such as ./earnings.csv"))
    return f"data.events must name any of {known}; got {name!r}"
