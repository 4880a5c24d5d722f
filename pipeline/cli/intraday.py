"""The command ``volcast data intraday``: collects 5-minute bars, which Yahoo keeps for 60 days."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from volcast.pipeline.cli.clock import utc_now
from volcast.pipeline.cli.options import Json, WatchList
from volcast.pipeline.cli.watchlist import read_tickers


def intraday(
    into: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder to write, one file per ticker.")
    ],
    tickers: Annotated[
        list[str] | None, typer.Argument(metavar="TICKERS", help="Tickers to update.")
    ] = None,
    file: WatchList = None,
    as_json: Json = False,
) -> None:
    """Add Yahoo's 5-minute bars of the last 60 days to a folder of files."""
    from volcast.pipeline.cli.printing import print_json
    from volcast.pipeline.data.contract.source import format_failures
    from volcast.pipeline.data.sources.yahoo_intraday import update_intraday
    from volcast.pipeline.errors import ConfigError, DataError

    names = read_tickers(tickers, file)
    if not names:
        raise ConfigError("no ticker is named; name tickers, or a watch-list with --file")
    failures = update_intraday(into, tuple(names), utc_now())
    updated = [name for name in names if name not in failures]
    if as_json:
        record = {"folder": str(into), "updated": updated, "failures": failures}
        print_json(record, indent=None)
    else:
        typer.echo(f"{len(updated)} of {len(names)} tickers updated in {into}")
    if failures:
        raise DataError(
            f"{len(failures)} of {len(names)} tickers were not updated; {format_failures(failures)}"
        )
