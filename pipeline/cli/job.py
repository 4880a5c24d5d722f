"""The commands of the daily job: run it, and replay it over past sessions."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Annotated

import typer

from volcast.pipeline.cli.clock import job_now, utc_now
from volcast.pipeline.cli.command import GivenSettings, command, setting_options
from volcast.pipeline.cli.options import READING_FLAGS, Cluster, HomeDir, Json, Quiet

EXIT_ALERTS = 3  # everything was done, and alerts are open

group = typer.Typer()
job_settings = setting_options(
    "--source", "--data", *READING_FLAGS, "--ticker", "--events", "--exogenous"
)


@command(group)
@job_settings
def retrain(
    settings: GivenSettings,
    home: HomeDir = None,
    if_due: Annotated[
        bool, typer.Option("--if-due", help="Train a challenger only if one is due.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run the daily job: update data, train, decide on promotion, forecast, monitor, report.

    Exits with 0 if everything was done, with 3 if everything was done and alerts are open.
    """
    from volcast.pipeline.cli.printing import print_json, stderr_progress
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.job.config_archive import load_job_config
    from volcast.pipeline.job.run import run_job

    progress = stderr_progress(quiet or as_json)
    place = resolve_home(home)
    with progress.running():
        config = load_job_config(settings.file, place, settings.overrides)
        summary = run_job(place, config, clock=job_now, progress=progress, if_due=if_due)
    if as_json:
        print_json(asdict(summary), indent=None)
    else:
        typer.echo(summary.line())
    if summary.open_alerts:
        raise typer.Exit(EXIT_ALERTS)


@command(group)
@job_settings
def replay(
    settings: GivenSettings,
    home: HomeDir = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First session.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last session, inclusive.")
    ] = None,
    cluster: Cluster = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run the daily job over past sessions, with the data known at the time."""
    from volcast.pipeline.cli.printing import print_json, stderr_progress
    from volcast.pipeline.cluster.open_executor import open_executor
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.job.config_archive import load_job_config, resolve_for_home
    from volcast.pipeline.job.market import load_market
    from volcast.pipeline.job.replay import replay as replay_job

    progress = stderr_progress(quiet or as_json)
    place = resolve_home(home)
    config = resolve_for_home(load_job_config(settings.file, place, settings.overrides), place)
    period = _date(start), _date(end)
    with open_executor(cluster) as executor:  # before the bars are read: a wrong option ends here
        market = load_market(config, utc_now(), progress)
        for summary in replay_job(place, config, market, period, progress, executor):
            if as_json:
                print_json(asdict(summary), indent=None)
            elif not quiet:
                typer.echo(summary.line())


def _date(text: str | None) -> dt.date | None:
    from volcast.pipeline.errors import ConfigError

    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ConfigError(
            f"--from and --to must be dates such as 2020-01-31; got {text!r}"
        ) from error
