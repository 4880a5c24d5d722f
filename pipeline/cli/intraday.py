"""The command `volcast data intraday`: 5-minute bars, gathered before Yahoo forgets them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated

import typer

from volcast.pipeline.cli.options import Debug, Json, WatchList
from volcast.pipeline.cli.watchlist import chosen


def intraday(
    into: Annotated[Path, typer.Option(metavar="FOLDER", help="One file a ticker.")],
    tickers: Annotated[list[str] | None, typer.Argument(metavar="TICKERS")] = None,
    file: WatchList = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Add Yahoo's 5-minute bars of the last 60 days to the files of a folder."""
    from volcast.pipeline.data.contract.source import listed
    from volcast.pipeline.data.sources.yahoo_intraday import update_intraday
    from volcast.pipeline.errors import ConfigError, DataError

    names = chosen(tickers, file)
    if not names:
        raise ConfigError("name tickers, or a watch-list with --file")
    failures = update_intraday(into, tuple(names), dt.datetime.now(dt.UTC))
    came = [name for name in names if name not in failures]
    if as_json:
        typer.echo(json.dumps({"folder": str(into), "updated": came, "failures": failures}))
    else:
        typer.echo(f"{len(came)} of {len(names)} tickers updated in {into}")
    if failures:
        raise DataError(f"{len(failures)} of {len(names)} tickers did not come; {listed(failures)}")
