"""The command ``volcast data inspect``: shows how files are read, without running anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.clock import utc_now
from volcast.pipeline.cli.options import Json

if TYPE_CHECKING:
    from volcast.pipeline.data.maintenance.inspect_files import Inspection
    from volcast.pipeline.data.tables.read_bars import ReadOptions

Dates = Annotated[
    str | None,
    typer.Option(metavar="ORDER", help="Order of dates: day_first, month_first or year_first."),
]
Decimal = Annotated[str | None, typer.Option(metavar="SIGN", help="Decimal sign, . or ,.")]
Timezone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="Where times without an offset were written, such as UTC."),
]
Calendar = Annotated[
    str | None,
    typer.Option(help="Exchange calendar, such as XLON, if it does not follow from the ticker."),
]


def build_read_options(
    dates: str | None, decimal: str | None, timezone: str | None, calendar: str | None
) -> ReadOptions:
    """Return how files are read from the options of a command, checked as the settings are."""
    from volcast.pipeline.config.load import load_config
    from volcast.pipeline.panel.load_bars import build_read_options as build_from_settings

    given = {"dates": dates, "decimal": decimal, "timezone": timezone, "calendar": calendar}
    data: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return build_from_settings(load_config(None, {"data": data}))


def inspect(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or Parquet file, or a folder of them.")
    ],
    dates: Dates = None,
    decimal: Decimal = None,
    timezone: Timezone = None,
    calendar: Calendar = None,
    rows: Annotated[int, typer.Option(min=1, help="First rows to show of each file.")] = 5,
    as_json: Json = False,
) -> None:
    r"""Show how files are read, what is understood of them, and what would be rejected.

    \b
    - of yfinance, one ticker or many:
      volcast data inspect prices.csv
    - of Investing.com or Excel, where day and month can be exchanged:
      volcast data inspect DAX.csv --dates day_first
    - a folder with a file for each ticker:
      volcast data inspect prices/ --json
    """
    from volcast.pipeline.cli.printing import print_json
    from volcast.pipeline.data.maintenance.inspect_files import inspect_files

    options = build_read_options(dates, decimal, timezone, calendar)
    found = inspect_files(path, options, utc_now(), rows)
    if as_json:
        print_json(found.to_record())
    else:
        _print_inspection(found)


def _print_inspection(found: Inspection) -> None:
    from volcast.pipeline.cli.printing import print_frame

    for line in found.understood:
        typer.echo(line)
    for file, names in found.names.items():
        used = ", ".join(f"{field} = {name!r}" for field, name in names.items())
        typer.echo(f"{file} columns: {used}")
    for file, lines in found.left_out.items():
        for line in lines:
            typer.echo(f"{file} left out: {line}")
    print_frame(found.first_rows, "First rows as read", digits=10)
    print_frame(found.tickers, "Tickers", digits=10)
    if len(found.rejected):
        print_frame(found.rejected, "What the quality rules would do")
    for ticker, reason in found.problems.items():
        typer.echo(f"a run would leave out {ticker}: {reason}")
    for hint in found.hints.values():
        typer.echo(hint)
