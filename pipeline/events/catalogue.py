"""The sources of events by name; importing this file is instant.

To add one, write a client (see ``client``) in a file of this package and add an entry to
`EVENT_SOURCES`. Installed packages provide sources of their own through entry points of the group
``volcast.events``. Those of `EMBEDDED_EVENTS` are files that are part of volcast.
"""

from __future__ import annotations

from importlib.metadata import entry_points

GROUP = "volcast.events"
_HERE = __name__.rpartition(".")[0]

EVENT_SOURCES = {
    "edgar": f"{_HERE}.edgar:EdgarEvents",
    "yahoo": f"{_HERE}.yahoo:YahooEvents",
}
EMBEDDED_EVENTS = {  # package:file in it
    "sample-stocks": "volcast.pipeline.data.sources:stocks/report_dates.csv",
}


def list_event_sources() -> tuple[str, ...]:
    """Return the names of all sources of events, volcast's own first.

    Examples
    --------
    >>> list_event_sources()[:3]
    ('edgar', 'yahoo', 'sample-stocks')
    """
    plugins = {point.name for point in entry_points(group=GROUP)}
    own = (*EVENT_SOURCES, *EMBEDDED_EVENTS)
    return (*own, *sorted(plugins - set(own)))
