"""Building a client of events from its name: one of the catalogue, or one of a package."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import Any

from volcast.pipeline.config.data_settings import DataSettings
from volcast.pipeline.errors import ConfigError
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

    points = tuple(entry_points(group=GROUP, name=name))
    if not points:
        raise ConfigError(explain_unknown_source(name))
    if len({point.value for point in points}) > 1:
        both = ", ".join(sorted(point.value for point in points))
        raise ConfigError(
            f"source {name!r} of events is provided by several packages: {both}; uninstall one"
        )
    try:
        source: Any = points[0].load()()
    except ConfigError:
        raise
    except Exception as error:  # code of another package may raise anything
        raise ConfigError(
            f"source {name!r} of events cannot be loaded ({type(error).__name__}: {error}); "
            "fix or reinstall its package"
        ) from error
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
