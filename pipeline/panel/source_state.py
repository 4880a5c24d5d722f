"""What the bars depend on apart from the settings: the files, the store, the last session."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from volcast.pipeline.config.exogenous import list_series
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.sources.catalogue import find_entry
from volcast.pipeline.data.sources.factory import build_stored_source
from volcast.pipeline.files import hash_path
from volcast.pipeline.progress import Progress


def compute_source_state(config: Config, now: dt.datetime) -> Any:
    """Return what the bars depend on apart from the settings.

    Two equal states mean equal bars, so that a finished download can be skipped.

    Parameters
    ----------
    config
        Its section ``data``.
    now
        The clock, with a timezone.

    Returns
    -------
    A value that JSON can hold: hashes of files, and for a source that grows the content of the
    store or the last settled session of each calendar.
    """
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
    return isinstance(source, dict) and bool(source["due"])


def update_source_state(
    config: Config, now: dt.datetime, before: Any, summary: dict[str, Any]
) -> Any:
    """Return the state of the source after a download, with the content that was downloaded."""
    if not find_entry(config.data.source).stored:
        return before
    after = compute_source_state(config, now)
    return {**after, "content": {**after["content"], **summary["content"]}}


def _hash_tables(path: str, holds_tables: bool) -> Any:
    """Return the hash of a file or folder; for a folder of tables, the hash of each table."""
    if not path or not holds_tables:
        return hash_path(Path(path)) if path else None
    from volcast.pipeline.data.sources.files import list_table_files

    return {file.name: hash_path(file) for file in list_table_files(Path(path))}
