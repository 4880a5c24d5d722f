"""Prices for the library: a frame, a file, or a source, read and checked as for a run."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.pipeline.config.load import resolve_settings
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.sources.frames import FrameSource
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.files import lock_folder, write_frame
from volcast.pipeline.library.html import render_html
from volcast.pipeline.library.settings import build_config, check_sections, read_clock
from volcast.pipeline.library.summary import Summary
from volcast.pipeline.panel.load_bars import LoadedBars, build_read_options, load_bars
from volcast.pipeline.progress import Progress
from volcast.pipeline.text import format_count, format_names

PRICES = "prices.parquet"  # the bars of a frame in a run folder
UNNAMED = "prices"  # the ticker of a frame that names none
TICKERS_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Prices:
    """Daily bars that passed the quality rules, and how they were obtained.

    Made by `volcast.load_prices`; `volcast.forecast` and `volcast.backtest` take it.

    Attributes
    ----------
    config
        The settings that the bars were loaded with; their section ``data`` counts.
    loaded
        The bars and what is known beside them.
    now
        The moment at which they were loaded.
    frame
        The source of bars that came as a pandas frame; None if the settings name the source.

    Examples
    --------
    >>> import volcast
    >>> volcast.load_prices(source="sample-stocks", tickers=["AAPL"])
    <volcast.Prices: 1,259 bars of 1 ticker>
    """

    config: Config
    loaded: LoadedBars
    now: dt.datetime
    frame: FrameSource | None = None

    @property
    def bars(self) -> pd.DataFrame:
        """The clean bars: `ticker, session, open, high, low, close, adj_close, volume, variance`.

        Prices are as the source has them, `variance` is a daily variance in squared log-return
        units, NaN if the source has none.
        """
        return self.loaded.bars

    @property
    def quality(self) -> pd.DataFrame:
        """What the quality rules found: `ticker, rule, action, rows` and the sessions."""
        return self.loaded.quality

    @property
    def tickers(self) -> list[str]:
        """The tickers that have bars."""
        return list(self.bars["ticker"].unique())

    @property
    def failures(self) -> dict[str, str]:
        """Ticker to the reason why it is left out."""
        return dict(self.loaded.failures)

    @property
    def notes(self) -> tuple[str, ...]:
        """How files were read, and what the source said."""
        return (*self.loaded.understood, *self.loaded.notes)

    def summary(self) -> Summary:
        """Return the bars and the rules that applied, as text that prints itself."""
        sessions = self.bars["session"]
        facts = {
            "Tickers": format_names(self.tickers, TICKERS_SHOWN),
            "Bars": f"{len(self.bars):,}",
            "First session": f"{sessions.min():%Y-%m-%d}",
            "Last session": f"{sessions.max():%Y-%m-%d}",
        }
        found = self.quality[self.quality["rule"] != "bars"]
        rules = pd.DataFrame(found.groupby(["rule", "action"])["rows"].sum()).reset_index()
        left_out = [f"{ticker} is left out: {why}" for ticker, why in self.failures.items()]
        tables = {"What the quality rules found": rules} if len(rules) else {}
        return Summary("Prices", facts, tables, (*self.notes, *left_out))

    def __repr__(self) -> str:
        count = format_count(len(self.tickers), "ticker")
        return f"<volcast.Prices: {len(self.bars):,} bars of {count}>"

    def _repr_html_(self) -> str:
        return render_html(self.summary())

    def load(self, config: Config, now: dt.datetime, progress: Progress) -> LoadedBars:
        """Return the bars for settings: those at hand if their section ``data`` is the same.

        Parameters
        ----------
        config
            The settings.
        now
            The clock; bars of sessions that are not final then are left out.
        progress
            Told about a source that is asked anew.
        """
        if config.data == self.config.data and now == self.now:
            return self.loaded
        return load_bars(config, now, progress, self.frame)

    def store(self, folder: Path) -> dict[str, Any]:
        """Return the settings by which a run finds the bars; those of a frame are written.

        The run folder then holds everything that the run depends on.

        Parameters
        ----------
        folder
            The run folder; created if missing.

        Raises
        ------
        StorageError
            The folder cannot be written, or another process uses it.
        """
        if self.frame is None:
            return {}
        bars = self.frame.load(Request((), None, None, self.now)).bars
        with lock_folder(folder):
            write_frame(folder / PRICES, bars)
        return {"source": "files", "path": str((folder / PRICES).absolute())}


def load_prices(
    prices: pd.DataFrame | str | Path | None = None,
    *,
    source: str | None = None,
    ticker: str = UNNAMED,
    now: dt.datetime | None = None,
    **settings: Any,
) -> Prices:
    """Load daily prices and apply the quality rules.

    Parameters
    ----------
    prices
        A pandas frame or the path of a file or folder; None: those of `source`. A frame has one row
        a session and ticker (long), columns of two levels, field and ticker in either order, as
        yfinance returns them (wide), or the open, high, low, close and volume of one ticker. Dates
        are the index or a column.
    source
        "sample", "sample-stocks", "yahoo" or "tiingo", or one that an installed package provides.
    ticker
        The ticker of a frame that names none; its exchange follows from it, as in "VOD.L".
    now
        The clock, with a timezone: bars of sessions that are not final then are left out. None:
        that of this machine.
    **settings
        Of the section ``data`` of the settings: ``tickers``, ``start``, ``end``, ``events``,
        ``exogenous``, ``calendar``, ``dates``, ``decimal`` and so on (`volcast config`).

    Returns
    -------
    Prices
        The bars, with what the rules found.

    Raises
    ------
    ConfigError
        A setting is unknown or breaks its rule, or prices and a source are both given.
    DataError
        There are no prices, they cannot be read, or no ticker is left.

    Examples
    --------
    >>> import volcast
    >>> prices = volcast.load_prices(source="sample-stocks", tickers=["AAPL", "AXP"])
    >>> prices.tickers
    ['AAPL', 'AXP']
    >>> prices.bars[["session", "close"]].head(1).to_string(index=False, header=False).split()
    ['2013-02-08', '67.8542']
    """
    check_sections(settings, ("data",), "volcast.load_prices")
    if (prices is None) == (source is None):
        raise ConfigError(
            "name either prices (a frame or a path) or a source, such as source='yahoo', "
            f"and not {'neither' if source is None else 'both'}"
        )
    if not isinstance(ticker, str) or not ticker:
        raise ConfigError(f"ticker must be text, such as 'SPY'; got {ticker!r}")
    place: dict[str, Any] = {"source": source or "files"}
    if isinstance(prices, str | Path):
        place["path"] = str(prices)
    config = resolve_settings(build_config(settings | place, also=("prices", "ticker", "source")))
    frame = None
    if isinstance(prices, pd.Series):
        prices = prices.rename(prices.name or "Close").to_frame()
    if isinstance(prices, pd.DataFrame):
        frame = FrameSource(prices, ticker, build_read_options(config))
    elif not isinstance(prices, str | Path | None):
        raise ConfigError(
            f"prices must be a pandas frame or a path, not {type(prices).__name__}; a frame has "
            "dates and a close"
        )
    moment = read_clock(now)
    loaded = Prices(config, load_bars(config, moment, Progress(), frame), moment, frame)
    if ticker != UNNAMED and loaded.tickers != [ticker]:
        raise ConfigError(
            f"ticker={ticker!r} names the ticker of a frame that names none, but these prices are "
            f"those of {format_names(loaded.tickers, TICKERS_SHOWN)}; leave ticker out, or choose "
            f"with tickers=[{ticker!r}]"
        )
    return loaded


def as_prices(
    prices: Any, settings: dict[str, Any], ticker: str, now: dt.datetime | None
) -> Prices:
    """Return prices that are loaded already, or load them; see `load_prices`."""
    if isinstance(prices, Prices):
        return prices
    return load_prices(prices, ticker=ticker, now=now, **settings)
