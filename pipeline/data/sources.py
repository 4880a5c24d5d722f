"""The sources by their names in the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data.source import Source
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.data.client import Client
    from pipeline.data.stored import StoredSource, StoreOptions

STORED_NAMES = ("yahoo",)  # asked over a network, and kept
SOURCE_NAMES = ("sample", "files", *STORED_NAMES)


def source_named(
    name: str, path: Path | None = None, options: StoreOptions | None = None
) -> Source:
    """Return the source of a name.

    Parameters
    ----------
    name
        One of `SOURCE_NAMES`.
    path
        The file or folder that ``files`` reads.
    options
        The data folder, and how ``yahoo`` is asked.

    Raises
    ------
    ConfigError
        When there is no such source, or ``files`` has no path.

    """
    # Each source imports what only it needs.
    if name == "sample":
        from pipeline.data.sample import SampleSource

        return SampleSource()
    if name == "files":
        from pipeline.data.files import FilesSource

        if path is None:
            raise ConfigError("source 'files' needs a path; name a CSV or Parquet file or a folder")
        return FilesSource(path)
    if name in STORED_NAMES:
        return stored_source(name, options)
    raise ConfigError(f"source {name!r} is unknown; use one of {', '.join(SOURCE_NAMES)}")


def stored_source(name: str, options: StoreOptions | None = None) -> StoredSource:
    """Return the source of a name whose bars go through the store.

    Raises
    ------
    ConfigError
        When there is no such source.

    """
    from pipeline.data.stored import StoredSource, StoreOptions

    return StoredSource(client_named(name), options or StoreOptions())


def client_named(name: str) -> Client:
    """Return the client of a name; see `stored_source`."""
    if name == "yahoo":
        from pipeline.data.yahoo import YahooClient

        return YahooClient()
    raise ConfigError(f"source {name!r} keeps no store; use one of {', '.join(STORED_NAMES)}")
