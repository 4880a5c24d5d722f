"""What bars and events depend on apart from the settings: files, stores, the last session."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.exogenous import list_series
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.sources.catalogue import find_entry
from volcast.pipeline.data.sources.factory import build_stored_source
from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import hash_path
from volcast.pipeline.progress import Progress

BARS, EVENTS = "bars", "events"  # the parts of a state with sources of events


def compute_source_state(config: Config, now: dt.datetime) -> Any:
    """Return what bars and events depend on apart from the settings.

    Two equal states mean equal bars and events, so that a finished download can be skipped.

    Parameters
    ----------
    config
        Its section ``data``.
    now
        The clock, with a timezone.

    Returns
    -------
    A value that JSON can hold: hashes of files, and for a source that grows the content of the
    store or the last settled session of each calendar. With sources of events it has the two parts
    ``bars`` and ``events``.
    """
    bars, events = _compute_bars_state(config, now), _compute_events_state(config, now)
    return {BARS: bars, EVENTS: events} if events else bars


def _compute_bars_state(config: Config, now: dt.datetime) -> Any:
    data = config.data
    entry = find_entry(data.source)
    files = [_hash_tables(data.path, entry.needs_path), _hash_tables(data.intraday, True)]
    series = list_series(config)
    files += [hash_path(Path(path)) for path in series.values() if path]
    if not entry.grows:  # the bars of a growing file may become final without a change of the file
        return files
    if entry.stored:
        return {"files": files, **_store_state(config, now)}
    from volcast.pipeline.data.calendars.opening_hours import last_settled_session
    from volcast.pipeline.panel.build import assign_calendars

    # If only the source knows its tickers, the calendar of the default exchange is used.
    tickers = (*(data.tickers or ("",)), *series)
    names = sorted(set(assign_calendars(tickers, config).values()))
    return [*files, *(str(last_settled_session(name, now).date()) for name in names)]


def _compute_events_state(config: Config, now: dt.datetime) -> dict[str, str | None]:
    """Return the hash of each source of events: of a file, or of what is stored by now."""
    entries = list_event_entries(config)
    if not entries:
        return {}
    from volcast.pipeline.events.event_files import find_event_file
    from volcast.pipeline.events.event_table import compute_event_hash
    from volcast.pipeline.events.stored_events import open_event_store

    state: dict[str, str | None] = {}
    for entry in entries:
        file = find_event_file(entry)
        if file is not None:
            state[entry] = hash_path(file)
            continue
        store = open_event_store(entry, config.data)
        tickers = config.data.tickers or store.tickers()
        try:
            stored = store.read(tickers, config.data.as_of or now)
            state[entry] = compute_event_hash(stored.events)
        except StorageError:  # a damaged file, which `load_external` reports and goes on without
            state[entry] = None
    return state


def _store_state(config: Config, now: dt.datetime) -> dict[str, Any]:
    """Return the stored content of the requested tickers, and whether more is due."""
    if not config.data.tickers:
        return {"due": True}
    from volcast.pipeline.data.contract.source import Request
    from volcast.pipeline.panel.load_bars import build_store_options

    data = config.data
    source = build_stored_source(data.source, build_store_options(config, Progress()))
    series = (name for name, path in list_series(config).items() if not path)
    tickers = tuple(dict.fromkeys((*data.tickers, *series)))
    return source.state(Request(tickers, data.start, data.end, now))


def is_due(source: Any) -> bool:
    """Return whether a stored source may have newer bars than the store.

    Parameters
    ----------
    source
        As `compute_source_state` returns it; False for sources that are not stored.
    """
    bars = source[BARS] if isinstance(source, dict) and BARS in source else source
    return isinstance(bars, dict) and bool(bars["due"])


def update_source_state(
    config: Config, now: dt.datetime, before: Any, summary: dict[str, Any]
) -> Any:
    """Return the state of the sources after a download, with the content that was downloaded."""
    after = compute_source_state(config, now)
    has_events = isinstance(after, dict) and BARS in after
    bars = before[BARS] if has_events else before
    if find_entry(config.data.source).stored:
        grown = after[BARS] if has_events else after
        bars = {**grown, "content": {**grown["content"], **summary["content"]}}
    return {BARS: bars, EVENTS: after[EVENTS]} if has_events else bars


def _hash_tables(path: str, holds_tables: bool) -> Any:
    """Return the hash of a file or folder; for a folder of tables, the hash of each table."""
    if not path or not holds_tables:
        return hash_path(Path(path)) if path else None
    from volcast.pipeline.data.sources.files import list_table_files

    return {file.name: hash_path(file) for file in list_table_files(Path(path))}
