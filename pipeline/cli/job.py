"""The commands of the daily job: retrain, and replay of what it would have done."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.options import (
    ConfigFile,
    DataOption,
    Debug,
    HomeDir,
    Json,
    Quiet,
    SourceOption,
    TickerOption,
)

if TYPE_CHECKING:
    from volcast.pipeline.config.settings import Config
    from volcast.pipeline.home import Home
    from volcast.pipeline.job.summary import Summary

ALERTED = 3  # the exit code where all was done and an alert stands


def attach(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(retrain)
    app.command()(replay)


def retrain(
    home: HomeDir = None,
    config: ConfigFile = None,
    source: SourceOption = None,
    data: DataOption = None,
    ticker: TickerOption = None,
    if_due: Annotated[bool, typer.Option("--if-due", help="Train only when it is due.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Update data, train a challenger, decide, forecast, watch, report.

    Exits with 0 when all was done, with 3 when all was done and an alert stands.
    """
    from volcast.pipeline.cli.printing import console
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.job.run import run_job
    from volcast.pipeline.progress import progress_for

    progress = progress_for(console(), quiet or as_json)
    place = resolve_home(home)
    with progress.running():
        summary = run_job(
            place,
            _settings(place, config, source, data, ticker),
            clock=lambda: dt.datetime.now(dt.UTC),
            progress=progress,
            if_due=if_due,
        )
    typer.echo(_json(summary) if as_json else summary.line())
    if summary.open_alerts:
        raise typer.Exit(ALERTED)


def replay(
    home: HomeDir = None,
    config: ConfigFile = None,
    source: SourceOption = None,
    data: DataOption = None,
    ticker: TickerOption = None,
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day.")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Run the daily cycle over history, with the clock handed in."""
    from volcast.pipeline.cli.printing import console
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.job.config_archive import at_home
    from volcast.pipeline.job.market import load_market
    from volcast.pipeline.job.replay import replay as do_replay
    from volcast.pipeline.progress import progress_for

    progress = progress_for(console(), quiet or as_json)
    place = resolve_home(home)
    chosen = at_home(_settings(place, config, source, data, ticker), place)
    market = load_market(chosen, dt.datetime.now(dt.UTC), progress)
    for summary in do_replay(place, chosen, market, (_day(start), _day(end)), progress):
        if as_json:
            typer.echo(_json(summary))
        elif not quiet:
            typer.echo(summary.line())


def _settings(
    home: Home,
    config: Path | None,
    source: str | None,
    data: Path | None,
    ticker: list[str] | None,
) -> Config:
    """Return the settings of `--config`, else of the home, with the other options on top."""
    from volcast.pipeline.job.config_archive import of_home

    given: dict[str, Any] = {
        "source": source,
        "path": str(data) if data else None,
        "tickers": ticker or None,
    }
    return of_home(config, home, {"data": {k: v for k, v in given.items() if v is not None}})


def _day(text: str | None) -> dt.date | None:
    from volcast.pipeline.errors import ConfigError

    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ConfigError(f"--from and --to are dates such as 2020-01-31; got {text!r}") from error


def _json(summary: Summary) -> str:
    from volcast.pipeline.cli.printing import json_text

    return json_text(asdict(summary), indent=None)
