"""The data sources by name, and what each can do; importing this file is instant.

To add a source, write it in a file of this package and add an entry to `SOURCES`. Installed
packages add theirs through entry points of the group ``volcast.sources``.
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volcast.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from volcast.pipeline.data.contract.client import Client
    from volcast.pipeline.data.contract.source import Source
    from volcast.pipeline.data.sources.stored import StoredSource, StoreOptions

GROUP = "volcast.sources"


@dataclass(frozen=True)
class SourceEntry:
    """What is known of a source without importing it.

    Parameters
    ----------
    path
        The class as ``module:Class``: a source, or, of a `stored` one, a network client.
    about
        What it offers, in a few words.
    grows
        Whether it has new bars after each session.
    needs_tickers
        Whether tickers must be named; otherwise all that it has are taken.
    needs_path
        Whether it reads the file or folder ``data.path``.
    stored
        Whether it is asked over a network and its bars are kept in the store.
    test_start
        First test origin when the settings name none; None: after ``split.train_sessions``.
    """

    path: str
    about: str
    grows: bool = True
    needs_tickers: bool = False
    needs_path: bool = False
    stored: bool = False
    test_start: dt.date | None = None


_HERE = __name__.rpartition(".")[0]

SOURCES: dict[str, SourceEntry] = {
    "sample": SourceEntry(
        f"{_HERE}.sample:SampleSource",
        "embedded S&P 500 and Nasdaq, 1999-2018",
        grows=False,
        test_start=dt.date(2008, 1, 1),
    ),
    "files": SourceEntry(
        f"{_HERE}.files:FilesSource", "CSV or Parquet files of your own", needs_path=True
    ),
    "yahoo": SourceEntry(
        f"{_HERE}.yahoo:YahooClient", "Yahoo Finance", needs_tickers=True, stored=True
    ),
    "tiingo": SourceEntry(
        f"{_HERE}.tiingo:TiingoSource", "Tiingo, with an API key", needs_tickers=True
    ),
}
STORED_NAMES = tuple(name for name, entry in SOURCES.items() if entry.stored)
PLUGIN = SourceEntry("", "a source of an installed package")


def list_sources() -> tuple[str, ...]:
    """Return the names of all sources, volcast's own first."""
    plugins = {point.name for point in entry_points(group=GROUP)}
    return (*SOURCES, *sorted(plugins - set(SOURCES)))


def find_entry(name: str) -> SourceEntry:
    """Return what is known of the source called `name`; `PLUGIN` for another package's."""
    return SOURCES.get(name, PLUGIN)


def make_source(name: str, path: Path | None = None, options: StoreOptions | None = None) -> Source:
    """Return the source called `name`.

    Parameters
    ----------
    name
        One of `list_sources`.
    path
        The setting ``data.path``: the file or folder that ``files`` reads; plugins are called with
        it.
    options
        How stored sources are asked, and where their bars are kept.

    Raises
    ------
    ConfigError
        There is no such source, it cannot be loaded, or ``files`` has no path.
    """
    entry = SOURCES.get(name)
    if entry is None:
        return _load_plugin(name, path)
    if entry.stored:
        return make_stored_source(name, options)
    if not entry.needs_path:
        source: Source = _import_class(entry)()
        return source
    if path is None:
        raise ConfigError(f"source '{name}' needs a path; name a CSV or Parquet file or a folder")
    reader: Source = _import_class(entry)(path)
    return reader


def make_stored_source(name: str, options: StoreOptions | None = None) -> StoredSource:
    """Return the source called `name`, whose bars go through the store.

    Raises
    ------
    ConfigError
        There is no such source.
    """
    from volcast.pipeline.data.sources.stored import StoredSource, StoreOptions

    return StoredSource(make_client(name), options or StoreOptions())


def make_client(name: str) -> Client:
    """Return the network client of a stored source; see `make_stored_source`."""
    if name not in STORED_NAMES:
        raise ConfigError(f"source {name!r} keeps no store; use one of {', '.join(STORED_NAMES)}")
    client: Client = _import_class(SOURCES[name])()
    return client


def _import_class(entry: SourceEntry) -> Callable[..., Any]:
    """Return the class of an entry; each source imports only what it needs."""
    module, _, name = entry.path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _load_plugin(name: str, path: Path | None) -> Source:
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
