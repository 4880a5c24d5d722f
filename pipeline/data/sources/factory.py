"""Building a source from its name: one of the catalogue, or one that a package provides."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volcast.pipeline.data.sources.catalogue import (
    GROUP,
    SOURCES,
    STORED_NAMES,
    SourceEntry,
    list_sources,
)
from volcast.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from volcast.pipeline.data.contract.client import Client
    from volcast.pipeline.data.contract.source import Source
    from volcast.pipeline.data.sources.stored import StoredSource, StoreOptions


def build_source(
    name: str, path: Path | None = None, options: StoreOptions | None = None
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
    reader: Source = _import_class(entry)(path)
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

    points = tuple(entry_points(group=GROUP, name=name))
    if not points:
        raise ConfigError(f"source {name!r} is unknown; use one of {', '.join(list_sources())}")
    if len({point.value for point in points}) > 1:
        both = ", ".join(sorted(_origin(point) for point in points))
        raise ConfigError(f"source {name!r} is provided by several packages: {both}; uninstall one")
    try:
        factory: Callable[[Path | None], Source] = points[0].load()
        plugin: Source = PluginSource(name, factory(path))
        return plugin
    except ConfigError:
        raise
    except Exception as error:  # code of another package may raise anything
        raise ConfigError(
            f"source {name!r} of {_origin(points[0])} cannot be loaded "
            f"({type(error).__name__}: {error}); fix or reinstall that package"
        ) from error


def _origin(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else "an unknown package"
    return f"{package} ({point.value})"
