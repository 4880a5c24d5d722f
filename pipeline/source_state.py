"""What the bars of a run depend on beside its settings: the files, the store, the day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from pipeline import artifacts
from pipeline.config import Config
from pipeline.data.sources import STORED_NAMES, stored_source
from pipeline.progress import Progress

TIMELESS = ("sample",)  # nothing new on another day; of a file a bar may have become final


def source_state(config: Config, now: dt.datetime) -> Any:
    """Return what the bars depend on beside the configuration: the files, the store, the day."""
    data = config.data
    files = [_digests(data.path, data.source == "files"), _digests(data.intraday, True)]
    if data.source in TIMELESS:
        return files
    if data.source in STORED_NAMES:
        return {"files": files, **_store_state(config, now)}
    from pipeline.data.calendars import last_settled_session
    from pipeline.panels import calendars_of

    # A source may have tickers that only it knows: the default exchange then tells the day.
    names = sorted(set(calendars_of(data.tickers or ("",), config).values()))
    return [*files, *(str(last_settled_session(name, now).date()) for name in names)]


def _store_state(config: Config, now: dt.datetime) -> dict[str, Any]:
    """Return what the store has of the tickers asked for, and whether more is due."""
    if not config.data.tickers:
        return {"due": True}
    from pipeline.data.source import Request
    from pipeline.data.stored import store_options

    data = config.data
    source = stored_source(data.source, store_options(config, Progress()))
    return source.state(Request(data.tickers, data.start, data.end, now))


def is_due(source: Any) -> bool:
    """Whether a source that is asked over a network may have newer bars than it had last time."""
    return isinstance(source, dict) and bool(source["due"])


def source_after(config: Config, now: dt.datetime, before: Any, summary: dict[str, Any]) -> Any:
    """Return the state of the source that the download has left: with the content it has read."""
    if config.data.source not in STORED_NAMES:
        return before
    return {**source_state(config, now), "content": summary["content"]}


def _digests(path: str, holds_tables: bool) -> Any:
    """Return the hash of what lies at a path; of a folder of tables, the hash of each of these."""
    if not path or not holds_tables:
        return artifacts.digest(Path(path)) if path else None
    from pipeline.data.files import files_of

    return {file.name: artifacts.digest(file) for file in files_of(Path(path))}
