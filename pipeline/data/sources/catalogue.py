"""The data sources by name, and what each can do; importing this file is instant.

To add a source, write it in a file of this package and add an entry to `SOURCES`; ``factory``
builds it from there. Installed packages provide sources of their own through entry points of the
group ``volcast.sources``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from volcast.pipeline.errors import ConfigError

GROUP = "volcast.sources"


@dataclass(frozen=True)
class SourceEntry:
    """What is known of a source without importing it.

    Parameters
    ----------
    path
        The class as ``module:Class``: a source, or, if it is ``stored``, a network client.
    about
        The bars that it offers, in a few words; shown in the help.
    grows
        Whether it has new bars after each session.
    needs_tickers
        Whether tickers must be named; otherwise all that it has are loaded.
    needs_path
        Whether it reads the file or folder ``data.path``.
    stored
        Whether its bars are downloaded into the store, and read from there.
    test_start
        First test origin if the settings name none; None: after ``split.train_sessions``.
    sessions_before_test
        Usable sessions that must precede `test_start`; None: ``split.train_sessions``.
    exogenous
        The exogenous series that are used if the settings name none.
    events
        The sources of report dates that are used if the settings name none.
    """

    path: str
    about: str
    grows: bool = True
    needs_tickers: bool = False
    needs_path: bool = False
    stored: bool = False
    test_start: dt.date | None = None
    sessions_before_test: int | None = None
    exogenous: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


_HERE = __name__.rpartition(".")[0]

SOURCES: dict[str, SourceEntry] = {
    "sample": SourceEntry(
        f"{_HERE}.sample:SampleSource",
        "embedded S&P 500 and Nasdaq, 1999-2018",
        grows=False,
        test_start=dt.date(2008, 1, 1),
        exogenous=("^VIX",),
    ),
    "sample-stocks": SourceEntry(
        f"{_HERE}.sample_stocks:SampleStocksSource",
        "30 embedded US stocks and their report dates, 2013-2018",
        grows=False,
        # Three years to train on, two to test: many tickers make up for few sessions.
        test_start=dt.date(2016, 2, 8),
        sessions_before_test=500,
        events=("sample-stocks",),
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
NEED_TICKERS = tuple(name for name, entry in SOURCES.items() if entry.needs_tickers)
PLUGIN = SourceEntry("", "a source from an installed package")


def list_sources() -> tuple[str, ...]:
    """Return the names of all sources, volcast's own first.

    Examples
    --------
    >>> list_sources()[:5]
    ('sample', 'sample-stocks', 'files', 'yahoo', 'tiingo')
    """
    plugins = {point.name for point in entry_points(group=GROUP)}
    return (*SOURCES, *sorted(plugins - set(SOURCES)))


def find_entry(name: str) -> SourceEntry:
    """Return what is known of a source; `PLUGIN` for one of another package.

    Examples
    --------
    >>> find_entry("yahoo").stored, find_entry("sample").test_start
    (True, datetime.date(2008, 1, 1))
    """
    return SOURCES.get(name, PLUGIN)


def describe_sources() -> str:
    """Return volcast's own sources, each with what it offers, in one line for a help text.

    Examples
    --------
    >>> describe_sources()[:48]
    'sample (embedded S&P 500 and Nasdaq, 1999-2018),'
    """
    return ", ".join(f"{name} ({entry.about})" for name, entry in SOURCES.items())


def require_tickers(name: str, tickers: Sequence[str]) -> None:
    """Raise ``ConfigError`` if a source needs tickers and none is named."""
    if find_entry(name).needs_tickers and not tickers:
        raise ConfigError(f"source '{name}' needs tickers; name them with --ticker (data.tickers)")
