"""The command that trains pretrained vintages on a whole market."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from volcast.pipeline.cli.clock import utc_now
from volcast.pipeline.cli.command import GivenSettings, command, setting_options
from volcast.pipeline.cli.options import Cluster, Json, Quiet

DEFAULT_TICKERS = 800  # about the most that 8 GB of memory hold with 25 years of bars

group = typer.Typer()


@command(group)
@setting_options("--source", "--data", "--events", "--exogenous", "--start", "--seed")
def pretrain(
    settings: GivenSettings,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the vintages into.")],
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Cut-off; else the end of the panel.")
    ] = None,
    vintages: Annotated[
        str | None,
        typer.Option(
            metavar="FIRST:LAST:MONTHS",
            help="Cut-offs at ends of months, such as 2003-12:2017-12:12.",
        ),
    ] = None,
    tickers: Annotated[
        int, typer.Option(min=0, help="How many tickers, the most traded; 0 for all.")
    ] = DEFAULT_TICKERS,
    kinds: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV of symbol and kind, such as stock and etf."),
    ] = None,
    licence: Annotated[
        str, typer.Option(help="Terms under which the data may be used, for the card.")
    ] = "terms of use not stated",
    cluster: Cluster = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train networks on a whole market up to each cut-off, to be used on other tickers.

    A run uses them with model.pretrained = "DIR" in its settings.
    """
    from volcast.pipeline.cli.printing import print_json, stderr_progress
    from volcast.pipeline.cluster.open_executor import open_executor
    from volcast.pipeline.pretraining.command import pretrain_vintages

    if "--data" in settings.values:
        settings = GivenSettings(settings.file, {"--source": "files", **settings.values})
    progress = stderr_progress(quiet or as_json)
    with open_executor(cluster) as executor, progress.running():
        folders = pretrain_vintages(
            settings.load(),
            out,
            cutoffs=(until, vintages),
            tickers=tickers,
            kinds=kinds,
            licence=licence,
            now=utc_now(),
            progress=progress,
            executor=executor,
        )
    if as_json:
        print_json([str(folder) for folder in folders])
    else:
        for folder in folders:
            typer.echo(str(folder / "CARD.md"))
