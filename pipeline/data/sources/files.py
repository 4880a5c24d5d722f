"""Bars from files on disk: one long table, or one file per ticker."""

import dataclasses
from pathlib import Path

from volcast.pipeline.data.contract.source import Download, Request, build_download
from volcast.pipeline.data.tables.bar_block import BarBlock, join_blocks
from volcast.pipeline.data.tables.file_names import TABLE_SUFFIXES, is_table, ticker_from_file
from volcast.pipeline.data.tables.read_bars import ReadOptions, read_bars
from volcast.pipeline.data.tables.understood import Understood, describe_files
from volcast.pipeline.errors import DataError

SHOWN = 200  # characters of a path in a message


class FilesSource:
    """Bars from a file or from every table in a folder.

    Parameters
    ----------
    path
        A file, or a folder of which those of the types of `file_names` are read. A file that names
        no ticker holds one, named like the file.
    options
        What decides where a file can be read in several ways.
    """

    def __init__(self, path: Path, options: ReadOptions | None = None):
        self.path = Path(path)
        self.options = options or ReadOptions()

    def load(self, request: Request) -> Download:
        """Return the requested bars; all tickers found if none is named. See `Source.load`.

        What was understood of each file is among the answer's ``understood``; docs/sources.md says
        what is read.

        Raises
        ------
        DataError
            When a file is missing, is no table of daily bars, can be read in two ways, or holds a
            date or a price that cannot be read; the message names file, column, row and value.
        """
        blocks: list[BarBlock] = []
        understood: list[Understood] = []
        failures = {}
        files = list_table_files(self.path)
        for file in select_files(files, request.tickers):
            ticker = ticker_from_file(file)
            try:
                found = read_bars(file, ticker, self.options)
            except DataError as error:
                # A file of another name may hold any of the requested tickers.
                if len(files) == 1 or (request.tickers and ticker not in request.tickers):
                    raise
                failures[ticker] = str(error)
            else:
                blocks += found.blocks
                understood.append(found.understood)
        if not blocks:
            raise DataError(f"{self.path}: no file can be read; {next(iter(failures.values()))}")
        answer = build_download(request, join_blocks(blocks), failures)
        return dataclasses.replace(answer, understood=tuple(describe_files(understood)))


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
        files = sorted(file for file in path.iterdir() if is_table(file) and file.is_file())
        if not files:
            raise DataError(f"{path}: the folder has no file of type {', '.join(TABLE_SUFFIXES)}")
        return files
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder; check the path")
    if not path.is_file():
        raise DataError(f"{path}: this is not a regular file; save the bars in one")
    return [path]
