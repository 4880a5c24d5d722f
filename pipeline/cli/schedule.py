"""The commands of the schedule: when the next run is due, and what makes it happen."""

from __future__ import annotations

import datetime as dt
import signal
import sys
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.options import (
    ConfigFile,
    DataOption,
    Debug,
    HomeDir,
    Json,
    SourceOption,
    TickerOption,
)

if TYPE_CHECKING:
    from volcast.pipeline.schedule.units import Job

schedule = typer.Typer(no_args_is_help=True, help="Say when the next run is due, and have it run.")


class Kind(StrEnum):
    """Who is to run the job."""

    SYSTEMD = "systemd"
    CRON = "cron"
    GITHUB_ACTIONS = "github-actions"


def attach(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(schedule, name="schedule")


@schedule.command()
def show(
    home: HomeDir = None,
    config: ConfigFile = None,
    source: SourceOption = None,
    ticker: TickerOption = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Print when the next run is due: after the last exchange's close and settling time."""
    from volcast.pipeline.cli.printing import json_text
    from volcast.pipeline.schedule.due import next_due

    _, names = _job(home, Given(config, source, None, tuple(ticker or ())))
    due = next_due(names, _now())
    if as_json:
        told = {
            "due_utc": f"{due.at:%Y-%m-%dT%H:%M:%SZ}",
            "due_local": due.local.isoformat(),
            "timezone": due.timezone,
            "session": due.session.isoformat(),
            "calendar": due.calendar,
            "calendars": names,
        }
        typer.echo(json_text(told))
    else:
        typer.echo(
            f"next run: {due.at:%Y-%m-%d %H:%M} UTC, {due.local:%Y-%m-%d %H:%M} {due.timezone}, "
            f"for the session of {due.session} ({due.calendar})"
        )


@schedule.command()
def install(
    home: HomeDir = None,
    config: ConfigFile = None,
    source: SourceOption = None,
    data: DataOption = None,
    ticker: TickerOption = None,
    systemd: Annotated[bool, typer.Option("--systemd", help="A service and its timer.")] = False,
    cron: Annotated[bool, typer.Option("--cron", help="Lines of a crontab.")] = False,
    github_actions: Annotated[
        bool, typer.Option("--github-actions", help="A workflow; paths from the repository's root.")
    ] = False,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Write files there instead.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Print what makes systemd, cron or GitHub Actions run the job."""
    from volcast.pipeline.errors import ConfigError
    from volcast.pipeline.files import write_text

    chosen = dict(zip(Kind, (systemd, cron, github_actions), strict=True))
    if sum(chosen.values()) != 1:
        raise ConfigError("name one of --systemd, --cron and --github-actions")
    kind = next(kind for kind, wanted in chosen.items() if wanted)
    given = Given(config, source, data, tuple(ticker or ()))
    job, names = _job(home, given, within=kind is Kind.GITHUB_ACTIONS)
    files, hint = _units(kind, job, names)
    for name, text in files.items():
        if to:
            to.mkdir(parents=True, exist_ok=True)
            write_text(to / name, text)
            typer.echo(to / name)
        else:
            typer.echo(f"# {name}\n{text}" if len(files) > 1 else text)
    typer.echo(f"# {hint}", err=True)


@schedule.command()
def run(
    home: HomeDir = None,
    config: ConfigFile = None,
    source: SourceOption = None,
    data: DataOption = None,
    ticker: TickerOption = None,
    debug: Debug = False,
) -> None:
    """Stay in the foreground: run now, then after each session; SIGTERM or Ctrl-C ends it."""
    from volcast.pipeline.errors import ConfigError

    try:
        from volcast.pipeline.schedule.scheduler import run_command, serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "apscheduler":
            raise
        raise ConfigError(
            "schedule run needs APScheduler; install it with: pip install 'volcast[ops]'"
        ) from error

    job, names = _job(home, Given(config, source, data, tuple(ticker or ())))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    serve(
        names,
        lambda: run_command(job.command, job.folder, stop, _tell),
        stop=stop,
        tell=_tell,
        clock=_now,
    )


@dataclass(frozen=True)
class Given:
    """The options that say what the job is to do."""

    config: Path | None
    source: str | None
    data: Path | None
    tickers: tuple[str, ...]

    def overrides(self) -> dict[str, dict[str, Any]]:
        """Return the options as settings, to lie on top of a file's."""
        path = str(self.data) if self.data else None
        given = {"source": self.source, "path": path, "tickers": list(self.tickers) or None}
        return {"data": {key: value for key, value in given.items() if value is not None}}


def _job(home: Path | None, given: Given, *, within: bool = False) -> tuple[Job, list[str]]:
    """Return the job and the calendars of its tickers; paths `within` the folder are relative.

    Settings come from `--config`, else from config.toml in the home, as `retrain` takes them, else
    they are the defaults. A workflow begins with no home: it reads a file of the repository.
    """
    from volcast.pipeline.config.load import load_config
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.schedule.units import WORKFLOW_CONFIG, Job

    folder, state = Path.cwd(), resolve_home(home).folder
    committed = given.config or (folder / WORKFLOW_CONFIG if within else None)
    known = (committed, state / "config.toml")
    read = given.config or next((path for path in known if path and path.exists()), None)
    chosen = load_config(read, given.overrides())
    options = []
    for name, path in (("--config", committed), ("--data", given.data)):
        if path:
            options += [name, str(_placed(path.absolute(), folder, within))]
    if given.source:
        options += ["--source", given.source]
    for ticker in given.tickers:
        options += ["--ticker", ticker]
    job = Job(tuple(options), _placed(state, folder, within), folder)
    return job, _calendars(chosen)


def _calendars(chosen: Any) -> list[str]:
    """Return the calendars of the tickers, each once; of the source's own where none is named."""
    from volcast.pipeline.data.calendars.sessions import DEFAULT_CALENDAR
    from volcast.pipeline.panel.build import assign_calendars

    found = assign_calendars(chosen.data.tickers, chosen).values()
    return sorted(set(found)) or [chosen.data.calendar or DEFAULT_CALENDAR]


def _placed(path: Path, folder: Path, within: bool) -> Path:
    from volcast.pipeline.errors import ConfigError

    if not within:
        return path
    if not path.is_relative_to(folder):
        raise ConfigError(
            f"a workflow's paths must lie inside the repository {folder}; {path} does not; "
            "name another with --home, --config or --data"
        )
    return path.relative_to(folder)


def _units(kind: Kind, job: Job, names: list[str]) -> tuple[dict[str, str], str]:
    """Return the files of a kind by name, and what to do with them."""
    from volcast.pipeline.schedule import units
    from volcast.pipeline.schedule.due import weekly_slot

    slot = weekly_slot(names, _now())
    if kind is Kind.SYSTEMD:
        place = "~/.config/systemd/user"
        return units.systemd(job, slot), (
            f"write both with --to {place}, then: systemctl --user enable --now volcast.timer; "
            "loginctl enable-linger"
        )
    if kind is Kind.CRON:
        return {"volcast.cron": units.cron(job, slot)}, "add these lines with: crontab -e"
    workflow = units.github_actions(job, slot, _now())
    hint = "commit it as .github/workflows/volcast.yml, and the settings that it names"
    return {"volcast.yml": workflow}, hint


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _tell(message: str) -> None:
    typer.echo(f"{_now():%Y-%m-%dT%H:%M:%SZ} {message}", err=True)
