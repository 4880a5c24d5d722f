"""The sources of events by name; importing this file is instant.

To add one, write a client (see ``client``) in a file of this package and add an entry to
`EVENT_SOURCES`. Installed packages provide sources of their own through entry points of the group
``volcast.events``.
"""

from __future__ import annotations

from importlib.metadata import entry_points

GROUP = "volcast.events"
_HERE = __name__.rpartition(".")[0]

EVENT_SOURCES = {
    "edgar": f"{_HERE}.edgar:EdgarEvents",
    "yahoo": f"{_HERE}.yahoo:YahooEvents",
}


def list_event_sources() -> tuple[str, ...]:
    """Return the names of all sources of events, volcast's own first.

    Examples
    --------
    >>> list_event_sources()[:2]
    ('edgar', 'yahoo')
    """
    plugins = {point.name for point in entry_points(group=GROUP)}
    return (*EVENT_SOURCES, *sorted(plugins - set(EVENT_SOURCES)))
