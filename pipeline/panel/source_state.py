"""What the bars of a run depend on beside its settings: the files, the store, the day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.sources.catalogue import find_entry, make_stored_source
from volcast.pipeline.files import hash_path
from volcast.pipeline.progress import Progress


def source_state(config: Config, now: dt.datetime) -> Any:
    """Return what the bars depend on beside the configuration: the files, the store, the day."""
    data = config.data
    entry = find_entry(data.source)
    files = [_digests(data.path, entry.needs_path), _digests(data.intraday, True)]
    if not entry.grows:  # of a file a bar may have become final since
        return files
    if entry.stored:
        return {"files": files, **_store_state(config, now)}
    from volcast.pipeline.data.calendars.sessions import last_settled_session
    from volcast.pipeline.panel.build import assign_calendars

    # A source may have tickers that only it knows: the default exchange then tells the day.
    names = sorted(set(assign_calendars(data.tickers or ("",), config).values()))
    return [*files, *(str(last_settled_session(name, now).date()) for name in names)]


def _store_state(config: Config, now: dt.datetime) -> dict[str, Any]:
    """Return what the store has of the tickers asked for, and whether more is due."""
    if not config.data.tickers:
        return {"due": True}
    from volcast.pipeline.data.contract.source import Request
    from volcast.pipeline.panel.load_bars import build_store_options

    data = config.data
    source = make_stored_source(data.source, build_store_options(config, Progress()))
    return source.state(Request(data.tickers, data.start, data.end, now))


def is_due(source: Any) -> bool:
    """Whether a source that is asked over a network may have newer bars than it had last time."""
    return isinstance(source, dict) and bool(source["due"])


def source_after(config: Config, now: dt.datetime, before: Any, summary: dict[str, Any]) -> Any:
    """Return the state of the source that the download has left: with the content it has read."""
    if not find_entry(config.data.source).stored:
        return before
    return {**source_state(config, now), "content": summary["content"]}


def _digests(path: str, holds_tables: bool) -> Any:
    """Return the hash of what lies at a path; of a folder of tables, the hash of each of these."""
    if not path or not holds_tables:
        return hash_path(Path(path)) if path else None
    from volcast.pipeline.data.sources.files import list_table_files

    return {file.name: hash_path(file) for file in list_table_files(Path(path))}
