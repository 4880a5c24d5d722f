"""The sources by their names: those that come with volcast, and those of installed packages."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from volcast.pipeline.errors import ConfigError

if TYPE_CHECKING:  # the configuration asks for names alone, and need not wait for pandas
    from volcast.pipeline.data.contract.client import Client
    from volcast.pipeline.data.contract.source import Source
    from volcast.pipeline.data.sources.stored import StoredSource, StoreOptions

STORED_NAMES = ("yahoo",)  # asked over a network, and kept
SOURCE_NAMES = ("sample", "files", *STORED_NAMES, "tiingo")
GROUP = "volcast.sources"


def list_sources() -> tuple[str, ...]:
    """Return the names of all sources, volcast's own first."""
    brought = {point.name for point in entry_points(group=GROUP)}
    return (*SOURCE_NAMES, *sorted(brought - set(SOURCE_NAMES)))


def make_source(name: str, path: Path | None = None, options: StoreOptions | None = None) -> Source:
    """Return the source of a name.

    Volcast's own names come first; another is looked for among the entry points of installed
    packages in the group ``volcast.sources``, which are called with ``path``.

    Parameters
    ----------
    name
        One of `list_sources`.
    path
        The setting ``data.path``: the file or folder that ``files`` reads.
    options
        The data folder, and how ``yahoo`` is asked.

    Raises
    ------
    ConfigError
        When there is no such source, it cannot be loaded, or ``files`` has no path.

    """
    # Each source imports what only it needs.
    if name == "sample":
        from volcast.pipeline.data.sources.sample import SampleSource

        return SampleSource()
    if name == "files":
        from volcast.pipeline.data.sources.files import FilesSource

        if path is None:
            raise ConfigError("source 'files' needs a path; name a CSV or Parquet file or a folder")
        return FilesSource(path)
    if name in STORED_NAMES:
        return make_stored_source(name, options)
    if name == "tiingo":
        from volcast.pipeline.data.sources.tiingo import TiingoSource

        return TiingoSource()
    return _brought(name, path)


def make_stored_source(name: str, options: StoreOptions | None = None) -> StoredSource:
    """Return the source of a name whose bars go through the store.

    Raises
    ------
    ConfigError
        When there is no such source.

    """
    from volcast.pipeline.data.sources.stored import StoredSource, StoreOptions

    return StoredSource(make_client(name), options or StoreOptions())


def make_client(name: str) -> Client:
    """Return the client of a name; see `make_stored_source`."""
    if name == "yahoo":
        from volcast.pipeline.data.sources.yahoo import YahooClient

        return YahooClient()
    raise ConfigError(f"source {name!r} keeps no store; use one of {', '.join(STORED_NAMES)}")


def _brought(name: str, path: Path | None) -> Source:
    """Return the source that an installed package brings."""
    from volcast.pipeline.data.sources.plugin import PluginSource

    points = tuple(entry_points(group=GROUP, name=name))
    if not points:
        raise ConfigError(f"source {name!r} is unknown; use one of {', '.join(list_sources())}")
    if len({point.value for point in points}) > 1:
        both = ", ".join(sorted(_origin(point) for point in points))
        raise ConfigError(f"source {name!r} is brought by several packages: {both}; uninstall one")
    try:
        factory: Callable[[Path | None], Source] = points[0].load()
        brought: Source = PluginSource(name, factory(path))
        return brought
    except ConfigError:
        raise
    except Exception as error:  # it is another's code: any failure is told as theirs
        raise ConfigError(
            f"source {name!r} of {_origin(points[0])} cannot be loaded "
            f"({type(error).__name__}: {error}); mend or reinstall that package"
        ) from error


def _origin(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else "an unknown package"
    return f"{package} ({point.value})"
