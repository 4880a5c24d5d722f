"""Assembles the groups of commands into the application ``volcast``."""

from __future__ import annotations

from typing import Annotated

import typer

from volcast.pipeline.cli import (
    data,
    diagnose,
    job,
    ledger,
    models,
    pretrain,
    schedule,
    serve,
    stages,
)
from volcast.pipeline.version import __version__

# The commands of a group without a name stand at the top level.
GROUPS = (
    (stages.group, None),
    (diagnose.group, None),
    (pretrain.group, None),
    (job.group, None),
    (data.group, "data"),
    (diagnose.compare, "compare"),
    (diagnose.diagnose, "diagnose"),
    (ledger.group, "ledger"),
    (models.group, "models"),
    (schedule.group, "schedule"),
    (serve.group, "serve"),
)

app = typer.Typer(
    help="Forecast volatility from market data, and measure how good the forecasts have been.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group, name in GROUPS:
    app.add_typer(group, name=name)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"volcast {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass
