"""From the settings to clean bars: load them, check them, add realised variances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from volcast.pipeline.config.exogenous import list_series
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Download, Request, Source
from volcast.pipeline.data.quality.check import add_history_rows, check_bars
from volcast.pipeline.data.quality.closed_days import leave_out_closed_days
from volcast.pipeline.data.quality.final_bars import drop_unfinished_bars
from volcast.pipeline.data.quality.summary import find_held_bars
from volcast.pipeline.data.sources.catalogue import find_entry, require_tickers
from volcast.pipeline.data.sources.factory import build_source
from volcast.pipeline.data.sources.intraday import IntradaySource
from volcast.pipeline.data.sources.stored import StoreOptions
from volcast.pipeline.data.store.content_hash import compute_content_hashes
from volcast.pipeline.data.tables.read_bars import ReadOptions
from volcast.pipeline.errors import DataError
from volcast.pipeline.panel.build import assign_calendars
from volcast.pipeline.panel.external import ExternalData
from volcast.pipeline.panel.load_external import load_external
from volcast.pipeline.panel.realized_variance import add_realized_variance, format_realized_summary
from volcast.pipeline.progress import Progress


@dataclass(frozen=True)
class LoadedBars:
    """Clean bars, and how they were obtained.

    Parameters
    ----------
    bars, quality
        As in docs/tables.md.
    failures
        Ticker to the reason why it is left out.
    content
        The hash of each ticker's final bars as the source returned them.
    vintages
        The moment each ticker's bars were fetched, if the source keeps it.
    notes
        Messages of the source, and how many bars were not final.
    understood
        What was understood of each file.
    newest
        The newest session that the source returned, final or not.
    held
        Ticker to the session of its newest bar, for each from whose newest bar nothing can be
        forecast: it is held back, or the one before it was rejected.
    external
        Events of the tickers, and exogenous series.
    """

    bars: pd.DataFrame
    quality: pd.DataFrame
    failures: Mapping[str, str]
    content: Mapping[str, str]
    vintages: Mapping[str, str]
    notes: tuple[str, ...]
    understood: tuple[str, ...]
    newest: pd.Timestamp
    held: Mapping[str, pd.Timestamp]
    external: ExternalData


def load_bars(
    config: Config, now: dt.datetime, progress: Progress, source: Source | None = None
) -> LoadedBars:
    """Load the bars that the settings ask for, and check them.

    Parameters
    ----------
    config
        Its section ``data`` names the source, the tickers and the dates.
    now
        The clock, with a timezone: only sessions that are final then are returned.
    progress
        Gets the messages of the source.
    source
        The daily bars; None: the source that the settings name.

    Raises
    ------
    ConfigError
        When the source needs tickers or a path, and the settings name none.
    DataError
        When no ticker has a bar.
    """
    if source is None:
        intraday, source = build_sources(config, now, progress)
    else:
        intraday = build_intraday_source(config, now)
    answer = query_source(source, config, now)
    newest = pd.Timestamp(answer.bars["session"].max())
    calendars = assign_calendars(list(answer.bars["ticker"].unique()), config)
    answer = drop_unfinished_bars(answer, calendars, now)
    answer = leave_out_closed_days(answer, calendars)
    for note in (*answer.understood, *answer.notes):
        progress.note(note)
    checked = check_bars(answer.bars, calendars)
    bars = checked.bars
    if intraday:
        bars = add_realized_variance(bars, intraday.days, calendars, config.data.overnight)
        progress.note(format_realized_summary(bars, intraday.failures))
    external = load_external(config, bars, source, now, progress)
    return LoadedBars(
        bars=bars,
        quality=add_history_rows(checked.quality, answer.history),
        failures={**answer.failures, **checked.failures},
        content=compute_content_hashes(answer.bars),
        vintages=answer.vintages,
        notes=(*answer.notes, *external.notes),
        understood=answer.understood,
        newest=newest,
        held=find_held_bars(checked, calendars),
        external=external,
    )


def query_source(source: Source, config: Config, now: dt.datetime) -> Download:
    """Return the bars of a source that the settings ask for, without their exogenous series.

    Raises
    ------
    ConfigError
        The source needs tickers, and the settings name none.
    DataError
        No ticker can be delivered.
    """
    settings = config.data
    require_tickers(settings.source, settings.tickers)
    answer = source.load(Request(settings.tickers, settings.start, settings.end, now))
    return _leave_out_series(answer, config)


def build_store_options(config: Config, progress: Progress) -> StoreOptions:
    """Return the options of the store from the settings."""
    data = config.data
    return StoreOptions(
        folder=Path(data.dir) if data.dir else None,
        as_of=data.as_of,
        rate=data.rate,
        calendar=data.calendar or None,
        progress=progress,
    )


def build_read_options(config: Config) -> ReadOptions:
    """Return from the settings how files are read where two readings are possible."""
    data = config.data
    return ReadOptions(data.dates, data.decimal, data.timezone, data.calendar or None)


def build_sources(
    config: Config, now: dt.datetime, progress: Progress
) -> tuple[IntradaySource | None, Source]:
    """Return the source of intraday bars, None if there is none, and the source of daily bars."""
    settings = config.data
    path = Path(settings.path) if settings.path else None
    reading = build_read_options(config)
    intraday = build_intraday_source(config, now)
    if intraday and find_entry(settings.source).needs_path and path is None:
        return intraday, intraday
    options = build_store_options(config, progress)
    return intraday, build_source(settings.source, path, options, reading)


def build_intraday_source(config: Config, now: dt.datetime) -> IntradaySource | None:
    """Return the source of intraday bars; None if the settings name none."""
    data = config.data
    if not data.intraday:
        return None
    return IntradaySource(Path(data.intraday), data.tickers, now, build_read_options(config))


def _leave_out_series(answer: Download, config: Config) -> Download:
    """Return the bars without exogenous series, unless the settings name those as tickers."""
    series = list_series(config)
    if config.data.tickers or not series:
        return answer
    bars = answer.bars[~answer.bars["ticker"].isin(series)]
    if bars.empty:
        raise DataError("the source has no ticker besides the exogenous series")
    return replace(answer, bars=bars.reset_index(drop=True))
