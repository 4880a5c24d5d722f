"""The commands of the schedule: when the next run is due, and what starts it."""

from __future__ import annotations

import signal
import sys
import threading
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from volcast.pipeline.cli.clock import utc_now
from volcast.pipeline.cli.command import GivenSettings, command, setting_options
from volcast.pipeline.cli.options import READING_FLAGS, HomeDir, Json

if TYPE_CHECKING:
    from volcast.pipeline.config.settings import Config
    from volcast.pipeline.schedule.units import Job

group = typer.Typer(
    no_args_is_help=True, help="Show when the next run is due, and schedule the daily job."
)
job_settings = setting_options("--source", "--data", *READING_FLAGS, "--ticker")


class Kind(StrEnum):
    """The program that starts the job."""

    SYSTEMD = "systemd"
    CRON = "cron"
    GITHUB_ACTIONS = "github-actions"


@command(group)
@setting_options("--source", "--ticker")
def show(settings: GivenSettings, home: HomeDir = None, as_json: Json = False) -> None:
    """Print when the next run is due: after the last exchange's close and settling time."""
    from volcast.pipeline.cli.printing import print_json
    from volcast.pipeline.schedule.due import find_next_due

    _, calendars = build_job(home, settings)
    due = find_next_due(calendars, utc_now())
    if as_json:
        print_json(
            {
                "due_utc": f"{due.at:%Y-%m-%dT%H:%M:%SZ}",
                "due_local": due.local.isoformat(),
                "timezone": due.timezone,
                "session": due.session.isoformat(),
                "calendar": due.calendar,
                "calendars": calendars,
            }
        )
    else:
        typer.echo(
            f"next run: {due.at:%Y-%m-%d %H:%M} UTC, {due.local:%Y-%m-%d %H:%M} {due.timezone}, "
            f"for the session of {due.session} ({due.calendar})"
        )


@command(group)
@job_settings
def install(
    settings: GivenSettings,
    home: HomeDir = None,
    systemd: Annotated[bool, typer.Option("--systemd", help="Service and timer units.")] = False,
    cron: Annotated[bool, typer.Option("--cron", help="Lines for a crontab.")] = False,
    github_actions: Annotated[
        bool,
        typer.Option(
            "--github-actions", help="Workflow; paths are relative to the root of the repository."
        ),
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Write the files into a folder instead."),
    ] = None,
) -> None:
    """Print the units, crontab or workflow that run the job after each session."""
    from volcast.pipeline.errors import ConfigError
    from volcast.pipeline.files import write_text

    requested = dict(zip(Kind, (systemd, cron, github_actions), strict=True))
    if sum(requested.values()) != 1:
        raise ConfigError("name one of --systemd, --cron and --github-actions")
    kind = next(kind for kind in Kind if requested[kind])
    in_repository = kind is Kind.GITHUB_ACTIONS
    job, calendars = build_job(home, settings, in_repository=in_repository)
    files, hint = _format_files(kind, job, calendars)
    for name, text in files.items():
        if to:
            to.mkdir(parents=True, exist_ok=True)
            write_text(to / name, text)
            typer.echo(to / name)
        else:
            typer.echo(f"# {name}\n{text}" if len(files) > 1 else text)
    typer.echo(f"# {hint}", err=True)


@command(group)
@job_settings
def run(settings: GivenSettings, home: HomeDir = None) -> None:
    """Run the job now and after each session, in the foreground; SIGTERM or Ctrl-C ends it."""
    from volcast.pipeline.errors import ConfigError

    try:
        from volcast.pipeline.schedule.scheduler import run_command, run_scheduler
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "apscheduler":
            raise
        raise ConfigError(
            "schedule run needs APScheduler; install it with: pip install 'volcast[ops]'"
        ) from error

    job, calendars = build_job(home, settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    run_scheduler(
        calendars,
        lambda: run_command(job.command, job.folder, stop, _log),
        stop=stop,
        log=_log,
        clock=utc_now,
    )


def build_job(
    home: Path | None, settings: GivenSettings, *, in_repository: bool = False
) -> tuple[Job, list[str]]:
    """Return the job that `volcast retrain` would run, and the calendars of its tickers.

    Parameters
    ----------
    home
        The option ``--home``.
    settings
        The options that set settings. Without ``--config`` the settings are those of the home,
        as for ``retrain``, else the defaults.
    in_repository
        Whether the job runs in a workflow: its paths are relative to the working folder, and its
        settings are a file of the repository.

    Raises
    ------
    ConfigError
        A setting breaks its rule, or a path of a workflow lies outside the repository.
    """
    from volcast.pipeline.backtest.run_folder import CONFIG
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.schedule.units import WORKFLOW_CONFIG, Job

    folder, state = Path.cwd(), resolve_home(home).folder
    named = settings.file or (folder / WORKFLOW_CONFIG if in_repository else None)
    stored = [path for path in (named, state / CONFIG) if path and path.exists()]
    config = replace(settings, file=settings.file or next(iter(stored), None)).load()

    def place(path: Path) -> Path:
        return _to_relative(path.absolute(), folder) if in_repository else path.absolute()

    options = replace(settings, file=named).words(place)
    return Job(tuple(options), place(state), folder), _list_calendars(config)


def _list_calendars(config: Config) -> list[str]:
    """Return the distinct calendars of the tickers; without tickers that of the source."""
    from volcast.pipeline.data.calendars.ticker_calendar import DEFAULT_CALENDAR
    from volcast.pipeline.panel.build import assign_calendars

    calendars = assign_calendars(config.data.tickers, config).values()
    return sorted(set(calendars)) or [config.data.calendar or DEFAULT_CALENDAR]


def _to_relative(path: Path, folder: Path) -> Path:
    from volcast.pipeline.errors import ConfigError

    if not path.is_relative_to(folder):
        raise ConfigError(
            f"the paths of a workflow must lie inside the repository {folder}; got {path}; name "
            "another one with --home, --config or --data"
        )
    return path.relative_to(folder)


def _format_files(kind: Kind, job: Job, calendars: list[str]) -> tuple[dict[str, str], str]:
    """Return the files of a kind by name, and how to install them."""
    from volcast.pipeline.schedule import units
    from volcast.pipeline.schedule.due import find_weekly_slot

    now = utc_now()
    slot = find_weekly_slot(calendars, now)
    if kind is Kind.SYSTEMD:
        folder = "~/.config/systemd/user"
        return units.format_systemd_units(job, slot), (
            f"write both with --to {folder}, then: systemctl --user enable --now volcast.timer; "
            "loginctl enable-linger"
        )
    if kind is Kind.CRON:
        return {"volcast.cron": units.format_crontab(job, slot)}, "add these lines with: crontab -e"
    workflow = units.format_github_workflow(job, slot, now)
    hint = "commit it as .github/workflows/volcast.yml, together with the settings file it names"
    return {"volcast.yml": workflow}, hint


def _log(message: str) -> None:
    typer.echo(f"{utc_now():%Y-%m-%dT%H:%M:%SZ} {message}", err=True)
