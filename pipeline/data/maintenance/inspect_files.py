"""What is understood of files, and what a run would make of them, without running anything."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.bar_table import to_bar_table
from volcast.pipeline.data.contract.source import Download
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.quality.closed_days import (
    count_closed_days,
    explain_closed_days,
    suggest_calendars,
)
from volcast.pipeline.data.quality.final_bars import drop_unfinished_bars
from volcast.pipeline.data.quality.rules import HOLD, REJECT
from volcast.pipeline.data.sources.files import list_table_files
from volcast.pipeline.data.tables.bar_block import join_blocks
from volcast.pipeline.data.tables.file_names import ticker_from_file
from volcast.pipeline.data.tables.read_bars import FileBars, ReadOptions, read_bars
from volcast.pipeline.errors import DataError


@dataclass(frozen=True, eq=False)
class Inspection:
    """How files are read.

    Parameters
    ----------
    understood
        A line for each file.
    names
        File to field to the name that the file has for it.
    left_out
        File to rows that are no bars, in words.
    first_rows
        The first bars of each file.
    tickers
        One row for each ticker: ``ticker, calendar, rows, first, last, first_close, last_close,
        median_volume, closed_days, rejected``.
    rejected
        What the quality rules would do, as the quality table of docs/tables.md has it.
    problems
        Ticker or file to the reason why a run would leave it out.
    hints
        Ticker to a sentence on a calendar that fits better than its own.
    """

    understood: tuple[str, ...]
    names: Mapping[str, Mapping[str, str]]
    left_out: Mapping[str, Sequence[str]]
    first_rows: pd.DataFrame
    tickers: pd.DataFrame
    rejected: pd.DataFrame
    problems: Mapping[str, str]
    hints: Mapping[str, str]

    def to_record(self) -> dict[str, Any]:
        """Return the inspection as JSON holds it; ``understood`` has a line for each file."""
        dates = {name: self.tickers[name].dt.strftime("%Y-%m-%d") for name in ("first", "last")}
        rows: list[dict[str, Any]] = self.tickers.assign(**dates).to_dict("records")  # type: ignore[assignment]
        records = {str(row.pop("ticker")): row for row in rows}
        return {
            "understood": "\n".join(self.understood),
            "columns": dict(self.names),
            "left_out": dict(self.left_out),
            "tickers": {
                ticker: {**row, "problem": self.problems.get(ticker)}
                for ticker, row in records.items()
            },
            "problems": dict(self.problems),
            "hints": dict(self.hints),
        }


def inspect_files(path: Path, options: ReadOptions, now: dt.datetime, rows: int) -> Inspection:
    """Read a file, or every file of a folder, and say what a run would make of it.

    Parameters
    ----------
    path
        A file or a folder.
    options
        What decides where a file can be read in several ways.
    now
        The clock, with a timezone: a bar that is not final counts as rejected.
    rows
        How many bars of each file are shown.

    Raises
    ------
    DataError
        A file, or every file of a folder, cannot be read.
    """
    files, found, problems = list_table_files(path), [], {}
    for file in files:
        try:
            found.append(read_bars(file, ticker_from_file(file), options))
        except DataError as error:
            if len(files) == 1:
                raise
            problems[ticker_from_file(file)] = str(error)
    if not found:
        raise DataError(f"{path}: no file can be read; {next(iter(problems.values()))}")
    bars = to_bar_table(join_blocks([block for each in found for block in each.blocks]))
    calendars = {name: find_calendar(name, options.calendar) for name in bars["ticker"].unique()}
    quality = _check(bars, calendars, now)
    closed = count_closed_days(bars, calendars)
    problems |= explain_closed_days(bars, calendars)
    return Inspection(
        understood=tuple(each.understood.describe() for each in found),
        names={each.understood.file: each.understood.names for each in found},
        left_out={each.understood.file: _describe_left_out(each) for each in found},
        first_rows=pd.concat([join_blocks(each.blocks).head(rows) for each in found]),
        tickers=_summarise(bars, calendars, closed, quality),
        rejected=quality[quality["rule"] != "bars"],
        problems=problems,
        hints=suggest_calendars(bars, calendars),
    )


def _describe_left_out(found: FileBars) -> list[str]:
    return [
        f"{each.describe()}, the first is row {each.number} below the header: {each.text!r}"
        for each in found.understood.left_out
    ]


def _check(bars: pd.DataFrame, calendars: Mapping[str, str], now: dt.datetime) -> pd.DataFrame:
    """Return the quality table of the bars that are final; without rows if none is usable."""
    try:
        final = drop_unfinished_bars(Download(bars, {}), calendars, now).bars
        return check_bars(final, calendars).quality
    except DataError:
        columns = ["ticker", "rule", "action", "rows", "first_session", "last_session", "note"]
        return pd.DataFrame({name: [] for name in columns})


def _summarise(
    bars: pd.DataFrame,
    calendars: Mapping[str, str],
    closed: Mapping[str, int],
    quality: pd.DataFrame,
) -> pd.DataFrame:
    rejecting = quality[quality["action"].isin([REJECT, HOLD])]
    kept = quality[quality["rule"] == "bars"].groupby("ticker")["rows"].sum()
    rejected = rejecting.groupby("ticker")["rows"].sum()
    records = []
    for name, own in bars.groupby("ticker", sort=False):
        ticker = str(name)
        judged = int(kept.get(ticker, 0) + rejected.get(ticker, 0))
        records.append(
            {
                "ticker": ticker,
                "calendar": calendars[ticker],
                "rows": len(own),
                "first": own["session"].iloc[0],
                "last": own["session"].iloc[-1],
                "first_close": own["close"].iloc[0],
                "last_close": own["close"].iloc[-1],
                "median_volume": own["volume"].median(),
                "closed_days": closed[ticker],
                "rejected": len(own) - judged + int(rejected.get(ticker, 0)),
            }
        )
    return pd.DataFrame(records)
