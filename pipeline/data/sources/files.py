"""Bars from files on disk: one long table, or one file per ticker."""

from pathlib import Path

import pandas as pd

from volcast.pipeline.data.contract.source import Download, Request, build_download
from volcast.pipeline.data.sources.column_parsing import parse_bars
from volcast.pipeline.data.sources.table_reader import read_table
from volcast.pipeline.errors import DataError

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq")
SHOWN = 200  # characters of a path in a message


class FilesSource:
    """CSV or Parquet bars from a file or from every such file in a folder.

    Parameters
    ----------
    path
        A file (``.csv``, ``.tsv``, ``.txt``, each also with ``.gz``, ``.parquet`` or ``.pq``) or a
        folder of them. A file without a ticker column holds one ticker, named like the file.
    """

    def __init__(self, path: Path):
        self.path = Path(path)

    def load(self, request: Request) -> Download:
        """Return the requested bars; all tickers found if none is named. See `Source.load`.

        Columns are found by name; case, spaces, underscores and dots are ignored: date (session,
        timestamp, datetime), ticker (symbol, name), open, high, low, close, and optionally
        adj_close (else close), volume and variance (realized_variance, rv). A timestamp keeps the
        date that is written in it, whatever its timezone.

        Raises
        ------
        DataError
            When a file is missing, is not a table, lacks a column, or holds a date or a number that
            cannot be read; the message names file, column, row and value.
        """
        frames, failures = [], {}
        files = list_table_files(self.path)
        for file in select_files(files, request.tickers):
            try:
                frames.append(parse_bars(read_table(file), file, ticker_from_file(file)))
            except DataError as error:
                # A file of another name may hold any of the requested tickers.
                if len(files) == 1 or (
                    request.tickers and ticker_from_file(file) not in request.tickers
                ):
                    raise
                failures[ticker_from_file(file)] = str(error)
        if not frames:
            raise DataError(f"{self.path}: no file can be read; {next(iter(failures.values()))}")
        return build_download(request, pd.concat(frames, ignore_index=True), failures)


def ticker_from_file(file: Path) -> str:
    """Return the ticker that a file is named after.

    Examples
    --------
    >>> ticker_from_file(Path("prices/BRK.B.csv.gz"))
    'BRK.B'
    """
    name = file.name.removesuffix(".gz")
    return name.removesuffix(Path(name).suffix)


def list_table_files(path: Path) -> list[Path]:
    """Return the file at a path, or the tables in the folder there; ``DataError`` if none."""
    try:
        return _find_files(path)
    except OSError as error:
        name = str(path)[:SHOWN]
        raise DataError(f"{name}: the path cannot be read; {error.strerror}") from error


def select_files(files: list[Path], tickers: tuple[str, ...]) -> list[Path]:
    """Return the files to read: those named after the tickers if each ticker has one, else all.

    Examples
    --------
    >>> files = [Path("AAA.csv"), Path("BBB.csv")]
    >>> [file.name for file in select_files(files, ("BBB",))]
    ['BBB.csv']
    >>> len(select_files(files, ("CCC",)))
    2
    """
    named = [file for file in files if ticker_from_file(file) in tickers]
    found = {ticker_from_file(file) for file in named}
    return named if tickers and found == set(tickers) else files


def _find_files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if _is_table(file) and file.is_file())
        if not files:
            raise DataError(f"{path}: the folder has no file of type {', '.join(SUFFIXES)}")
        return files
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder; check the path")
    if not _is_table(path):
        raise DataError(f"{path}: the file type is unknown; use {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise DataError(f"{path}: this is not a regular file; save the bars in one")
    return [path]


def _is_table(file: Path) -> bool:
    suffix = Path(file.name.lower().removesuffix(".gz")).suffix
    return suffix in SUFFIXES and not file.name.startswith(".")
