"""The sources of events by name; importing this file is instant.

To add one, write a client (see ``client``) in a file of this package and add an entry to
`EVENT_SOURCES`. Installed packages provide sources of their own through entry points of the group
``volcast.events``.
"""

from __future__ import annotations

from importlib.metadata import entry_points

GROUP = "volcast.events"

EVENT_SOURCES: dict[str, str] = {}


def list_event_sources() -> tuple[str, ...]:
    """Return the names of all sources of events, volcast's own first.

    Examples
    --------
    >>> isinstance(list_event_sources(), tuple)
    True
    """
    plugins = {point.name for point in entry_points(group=GROUP)}
    return (*EVENT_SOURCES, *sorted(plugins - set(EVENT_SOURCES)))
