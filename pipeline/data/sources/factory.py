"""Building a source from its name: one of the catalogue, or one that a package provides."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volcast.pipeline.data.sources.catalogue import (
    GROUP,
    SOURCES,
    STORED_NAMES,
    SourceEntry,
    list_sources,
)
from volcast.pipeline.data.sources.entry_point import (
    describe_origin,
    explain_load_failure,
    find_entry_point,
)
from volcast.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from volcast.pipeline.data.contract.client import Client
    from volcast.pipeline.data.contract.source import Source
    from volcast.pipeline.data.sources.stored import StoredSource, StoreOptions
    from volcast.pipeline.data.tables.read_bars import ReadOptions


def build_source(
    name: str,
    path: Path | None = None,
    options: StoreOptions | None = None,
    reading: ReadOptions | None = None,
) -> Source:
    """Return the source called `name`.

    Parameters
    ----------
    name
        One of `list_sources`.
    path
        The setting ``data.path``: the file or folder that ``files`` reads; plugins are called with
        it.
    options
        How stored sources are queried, and where their bars are kept.
    reading
        How ``files`` reads where two readings are possible.

    Raises
    ------
    ConfigError
        There is no such source, it cannot be loaded, or ``files`` has no path.
    """
    entry = SOURCES.get(name)
    if entry is None:
        return _build_plugin(name, path)
    if entry.stored:
        return build_stored_source(name, options)
    if not entry.needs_path:
        source: Source = _import_class(entry)()
        return source
    if path is None:
        raise ConfigError(
            f"source '{name}' needs a path; name a CSV or Parquet file or a folder with --data, or "
            "as data.path in the settings"
        )
    reader: Source = _import_class(entry)(path, reading)
    return reader


def build_stored_source(name: str, options: StoreOptions | None = None) -> StoredSource:
    """Return the source called `name`, whose bars go through the store.

    Raises
    ------
    ConfigError
        There is no such source.
    """
    from volcast.pipeline.data.sources.stored import StoredSource, StoreOptions

    return StoredSource(build_client(name), options or StoreOptions())


def build_client(name: str) -> Client:
    """Return the network client of a stored source; see `build_stored_source`."""
    if name not in STORED_NAMES:
        raise ConfigError(
            f"source {name!r} does not store bars; use one of {', '.join(STORED_NAMES)}"
        )
    client: Client = _import_class(SOURCES[name])()
    return client


def _import_class(entry: SourceEntry) -> Callable[..., Any]:
    """Return the class of an entry; each source imports only what it needs."""
    module, _, name = entry.path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _build_plugin(name: str, path: Path | None) -> Source:
    """Return the source that an installed package provides."""
    from volcast.pipeline.data.sources.plugin import PluginSource

    unknown = f"source {name!r} is unknown; use one of {', '.join(list_sources())}"
    point = find_entry_point(GROUP, name, f"source {name!r}", unknown=unknown)
    with explain_load_failure(f"source {name!r} of {describe_origin(point)}"):
        factory: Callable[[Path | None], Source] = point.load()
        return PluginSource(name, factory(path))
