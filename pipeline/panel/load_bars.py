"""From the settings to clean bars: the source asked, the rules applied, intraday bars joined."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Request, Source
from volcast.pipeline.data.quality.check import check, with_history
from volcast.pipeline.data.quality.final_bars import drop_unfinished_bars
from volcast.pipeline.data.sources.catalogue import find_entry, make_source
from volcast.pipeline.data.sources.intraday import IntradaySource
from volcast.pipeline.data.sources.stored import StoreOptions
from volcast.pipeline.data.store.content_hash import content_hashes
from volcast.pipeline.panel.build import assign_calendars
from volcast.pipeline.panel.realized_variance import realized_sentence, with_realized
from volcast.pipeline.progress import Progress


@dataclass(frozen=True)
class Loaded:
    """Clean bars, and what is to be told of them.

    Attributes
    ----------
    bars, quality : DataFrame
        As docs/tables.md says.
    failures : mapping
        Ticker to the reason why it is left out.
    content : mapping
        The hash of each ticker's final bars as the source gave them.
    vintages : mapping
        Up to when each ticker's bars were fetched, where the source keeps them.
    notes : tuple of str
        What the source wants to be known, and how many bars were not final.
    """

    bars: pd.DataFrame
    quality: pd.DataFrame
    failures: Mapping[str, str]
    content: Mapping[str, str]
    vintages: Mapping[str, str]
    notes: tuple[str, ...]


def load_bars(config: Config, now: dt.datetime, progress: Progress) -> Loaded:
    """Return the bars that the settings ask for, of sessions that are final at the moment `now`.

    Raises
    ------
    DataError
        No ticker has a bar.
    """
    settings = config.data
    intraday, source = _sources(config, now, progress)
    answer = source.load(Request(settings.tickers, settings.start, settings.end, now))
    calendars = assign_calendars(list(answer.bars["ticker"].unique()), config)
    answer = drop_unfinished_bars(answer, calendars, now)
    for note in answer.notes:
        progress.note(note)
    checked = check(answer.bars, calendars)
    bars = checked.bars
    if intraday:
        bars = with_realized(bars, intraday.days, calendars, settings.overnight)
        progress.note(realized_sentence(bars, intraday.failures))
    return Loaded(
        bars=bars,
        quality=with_history(checked.quality, answer.history),
        failures={**answer.failures, **checked.failures},
        content=content_hashes(answer.bars),
        vintages=answer.vintages,
        notes=tuple(answer.notes),
    )


def build_store_options(config: Config, progress: Progress) -> StoreOptions:
    """Return what the settings of a run say of the store."""
    data = config.data
    return StoreOptions(
        folder=Path(data.dir) if data.dir else None,
        as_of=data.as_of,
        rate=data.rate,
        calendar=data.calendar or None,
        progress=progress,
    )


def _sources(
    config: Config, now: dt.datetime, progress: Progress
) -> tuple[IntradaySource | None, Source]:
    """Return the source of intraday bars, if there is one, and the source of daily bars."""
    settings = config.data
    path = Path(settings.path) if settings.path else None
    intraday = (
        IntradaySource(Path(settings.intraday), settings.tickers, now, settings.calendar or None)
        if settings.intraday
        else None
    )
    if intraday and find_entry(settings.source).needs_path and path is None:
        return intraday, intraday
    return intraday, make_source(settings.source, path, build_store_options(config, progress))
