"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings in TOML.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]
SourceOption = Annotated[
    str | None, typer.Option("--source", help="Where prices come from: sample, yahoo, files.")
]
DataOption = Annotated[Path | None, typer.Option("--data", help="File or folder, for files.")]
TickerOption = Annotated[list[str] | None, typer.Option("--ticker", help="May be repeated.")]
WatchList = Annotated[
    Path | None,
    typer.Option("--file", metavar="WATCHLIST", help="Tickers, one a line; # comments."),
]
HomeDir = Annotated[
    Path | None,
    typer.Option(
        "--home", metavar="DIR", help="Folder of all state; default: VOLCAST_HOME, or your data's."
    ),
]
