"""The sources by their names in the configuration."""

from pathlib import Path

from pipeline.data.source import Source
from pipeline.errors import ConfigError

SOURCE_NAMES = ("sample", "files", "yahoo")


def source_named(name: str, path: Path | None = None) -> Source:
    """Return the source of a name; ``path`` is the file or folder that ``files`` reads.

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
    if name == "yahoo":
        from pipeline.data.yahoo import YahooSource

        return YahooSource()
    raise ConfigError(f"source {name!r} is unknown; use one of {', '.join(SOURCE_NAMES)}")
