"""Loading the closes of exogenous series: from the source of the tickers, or from own files."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from volcast.features.exogenous_series import LONGEST_USE
from volcast.pipeline.config.exogenous import list_series
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.data.calendars.sessions import following_sessions
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.source import Download, Request, Source, build_download
from volcast.pipeline.data.quality.final_bars import drop_unfinished_bars
from volcast.pipeline.data.sources.catalogue import find_entry
from volcast.pipeline.data.tables.bar_block import join_blocks
from volcast.pipeline.data.tables.read_bars import ReadOptions, read_bars
from volcast.pipeline.errors import DataError
from volcast.pipeline.panel.external import SERIES_COLUMNS, build_empty_table
from volcast.pipeline.text import format_count


def load_series(
    config: Config, source: Source, now: dt.datetime
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Load the closes of the exogenous series that the settings ask for.

    Parameters
    ----------
    config
        Its section ``data``.
    source
        Of the tickers; series without a file of their own are asked of it.
    now
        The clock, with a timezone: only sessions that are final then are returned.

    Returns
    -------
    Rows of `SERIES_COLUMNS`, by series and session, and notes: on series that the source does not
    have now, whose features are missing then, and on values that are not prices.

    Raises
    ------
    DataError
        When a file of the user's own cannot be read, or lacks the series.
    """
    wanted = list_series(config)
    data = config.data
    answers = [
        _read_own_file(Path(path), Request((name,), data.start, data.end, now), config)
        for name, path in wanted.items()
        if path
    ]
    names = tuple(name for name, path in wanted.items() if not path)
    if names:
        answers.append(_ask_source(source, Request(names, data.start, data.end, now), config))
    tables, notes = [build_empty_table(SERIES_COLUMNS)], []
    for answer in answers:
        closes = _to_closes(answer.bars, config)
        tables.append(closes)
        notes += [
            *answer.understood,
            *answer.notes,
            *_describe_failures(answer),
            *_describe_left_out(answer, closes),
        ]
    return pd.concat([table for table in tables if len(table)] or tables), tuple(notes)


def describe_series(closes: pd.DataFrame) -> list[str]:
    """Return a line for each series: its closes, the first and the last one.

    Examples
    --------
    >>> days = pd.to_datetime(["2018-12-28", "2018-12-31"])
    >>> describe_series(pd.DataFrame({"series": "^VIX", "session": days, "close": [28.3, 25.4]}))
    ['^VIX: 2 closes, 2018-12-28 to 2018-12-31, the last one 25.4']
    """
    return [
        f"{name}: {format_count(len(own), 'close')}, {own['session'].iloc[0]:%Y-%m-%d} to "
        f"{own['session'].iloc[-1]:%Y-%m-%d}, the last one {own['close'].iloc[-1]:g}"
        for name, own in closes.groupby("series", sort=False)
    ]


def describe_old_series(closes: pd.DataFrame, newest: pd.Timestamp, config: Config) -> list[str]:
    """Return a sentence for each series whose last close is too old to be used at a session."""
    notes = []
    for name, last in closes.groupby("series", sort=False)["session"].max().items():
        calendar = find_calendar(str(name), config.data.calendar or None)
        if following_sessions(calendar, last, LONGEST_USE + 1)[-1] <= newest:
            notes.append(
                f"the last close of {name} is of {last:%Y-%m-%d}, and is used for {LONGEST_USE} "
                "sessions more; then its features are missing"
            )
    return notes


def _read_own_file(file: Path, request: Request, config: Config) -> Download:
    """Return the bars of a file with one series, or with several of which one has its name."""
    (name,) = request.tickers
    data = config.data
    options = ReadOptions(data.dates, data.decimal, data.timezone, data.calendar or None)
    try:
        found = read_bars(file, name, options)
        bars = join_blocks(found.blocks)
        if bars["ticker"].nunique() == 1:
            bars = bars.assign(ticker=name)
        answer = dataclasses.replace(
            build_download(request, bars), understood=(found.understood.describe(),)
        )
        return drop_unfinished_bars(answer, _assign_calendars(request, config), request.now)
    except DataError as error:
        raise DataError(f"series {name}: {error}") from error


def _ask_source(source: Source, request: Request, config: Config) -> Download:
    """Return the bars of series from the source; without any if it has none now."""
    names = request.tickers
    own_files = find_entry(config.data.source).needs_path
    try:
        calendars = _assign_calendars(request, config)
        answer = drop_unfinished_bars(source.load(request), calendars, request.now)
    except DataError as error:
        if own_files:
            raise DataError(
                f"series {', '.join(names)}: {error}; {_explain_entry(names[0])}"
            ) from error
        nothing = pd.DataFrame({"ticker": [], "session": pd.to_datetime([]), "close": []})
        return Download(nothing, dict.fromkeys(names, str(error)))
    if own_files and answer.failures:
        name, reason = next(iter(answer.failures.items()))
        raise DataError(f"series {name}: {reason}; {_explain_entry(name)}")
    return answer


def _assign_calendars(request: Request, config: Config) -> dict[str, str]:
    return {name: find_calendar(name, config.data.calendar or None) for name in request.tickers}


def _explain_entry(name: str) -> str:
    return f"if it has a file of its own, name that too, as {name}=FILE"


def _to_closes(bars: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the usable closes of bars, each with the moment at which it became known."""
    usable = np.isfinite(bars["close"]) & (bars["close"] > 0)
    unique = bars[usable].drop_duplicates(["ticker", "session"], keep="last")
    parts = [
        pd.DataFrame(
            {
                "series": str(name),
                "session": own["session"],
                "close": own["close"],
                "known_at": closing_moments(
                    find_calendar(str(name), config.data.calendar or None),
                    pd.DatetimeIndex(own["session"]),
                ),
            }
        )
        for name, own in unique.groupby("ticker", sort=False)
    ]
    if not parts:
        return build_empty_table(SERIES_COLUMNS)
    return pd.concat(parts, ignore_index=True).astype(SERIES_COLUMNS)


def _describe_failures(answer: Download) -> list[str]:
    return [
        f"there are no closes of the series {name} ({reason}); its features are missing"
        for name, reason in answer.failures.items()
    ]


def _describe_left_out(answer: Download, closes: pd.DataFrame) -> list[str]:
    """Return a sentence if bars without a usable close, or of a repeated session, were left out."""
    left_out = len(answer.bars) - len(closes)
    if not left_out:
        return []
    return [
        f"{format_count(left_out, 'close')} of {', '.join(answer.bars['ticker'].unique())} left "
        "out: not above 0, or of a repeated session"
    ]
