"""Texts with which other schedulers run the job: systemd, cron, GitHub Actions."""

from __future__ import annotations

import datetime as dt
import json
import shlex
import string
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from volcast.pipeline.schedule.due import WeeklySlot

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WORKFLOW_CONFIG = "volcast.toml"  # the settings that a workflow reads if none are named
QUARTER = 15  # minutes; offsets of timezones are multiples of it


@dataclass(frozen=True)
class Job:
    """The command that a scheduler runs.

    Attributes
    ----------
    options
        Options of `volcast retrain`.
    home
        Where the job keeps its state.
    folder
        The working directory.
    python
        The interpreter in which volcast is installed.

    Examples
    --------
    >>> from pathlib import Path
    >>> Job(("--ticker", "SPY"), Path("state"), Path(), python="python").command
    ['python', '-m', 'volcast', 'retrain', '--if-due', '--home', 'state', '--ticker', 'SPY']
    """

    options: tuple[str, ...]
    home: Path
    folder: Path
    python: str = sys.executable

    @property
    def command(self) -> list[str]:
        """Return the command as a list of words."""
        home = ["--home", str(self.home)]
        return [self.python, "-m", "volcast", "retrain", "--if-due", *home, *self.options]


def format_systemd_units(job: Job, slot: WeeklySlot) -> dict[str, str]:
    """Return service and timer by file name; the timer catches up on a run missed while asleep."""
    time = f"{_format_days(slot.weekdays)} {slot.time:%H:%M}:00 {slot.timezone}"
    command = " ".join(quote_for_unit(word) for word in job.command)
    folder = str(job.folder).replace("%", "%%")
    return {
        "volcast.service": _fill("volcast.service", folder=folder, command=command),
        "volcast.timer": _fill("volcast.timer", time=time),
    }


def format_crontab(job: Job, slot: WeeklySlot) -> str:
    """Return the lines of a crontab.

    The line reads the exchange's clock every quarter of an hour, so that it is right in whatever
    timezone cron runs. CRON_TZ would be shorter, but Debian's cron ignores it silently, and no cron
    catches up on a run missed while the machine was asleep.
    """
    days = "".join(str(day + 1) for day in slot.weekdays)
    minutes = ",".join(str(slot.time.minute % QUARTER + QUARTER * n) for n in range(60 // QUARTER))
    clock = f'$(TZ={slot.timezone} date "+%u %H:%M")'
    guard = f'case "{clock}" in [{days}]" {slot.time:%H:%M}")'
    home = shlex.quote(str(job.home))
    log = shlex.quote(str(job.home / "cron.log"))
    work = (
        f"mkdir -p {home} && cd {shlex.quote(str(job.folder))} && "
        f'{shlex.join(job.command)} >> {log} 2>&1 || echo "volcast: exit code $?, see" {log}'
    )
    line = f"{guard} {work};; esac".replace("%", r"\%")
    return _fill("volcast.cron", minutes=minutes, line=line, **_describe_slot(slot))


def format_github_workflow(job: Job, slot: WeeklySlot, now: dt.datetime) -> str:
    """Return a workflow for GitHub Actions.

    GitHub's schedules are in UTC only, so there is one for each half of daylight saving time, and a
    step that lets the right one pass, however late GitHub starts it. The home is kept in GitHub's
    cache from run to run, and the reports of each run as an artifact.

    Parameters
    ----------
    job
        The command; its paths are relative to the root of the repository.
    slot
        When it runs.
    now
        The time, with a timezone; the offsets from UTC are those of the year from then on.
    """
    schedules = {o: _format_utc_schedule(slot, o) for o in _list_offsets(slot.timezone, now)}
    return _fill(
        "volcast.yml",
        config=WORKFLOW_CONFIG,
        crons="\n".join(f'    - cron: "{schedule}"' for schedule in schedules.values()),
        cases=" | ".join(f'"{offset} {schedule}"' for offset, schedule in schedules.items()),
        command=shlex.join(["python", *job.command[1:]]),
        home=json.dumps(job.home.as_posix()),
        reports=json.dumps((job.home / "reports").as_posix()),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        **_describe_slot(slot),
    )


class _Template(string.Template):
    """A text with placeholders such as ``@@{time}``: cron, systemd and workflows use $ and %."""

    delimiter = "@@"


def _fill(name: str, **values: str) -> str:
    """Return the template of that name with its placeholders replaced."""
    text = resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")
    return _Template(text).substitute(values)


def _describe_slot(slot: WeeklySlot) -> dict[str, str]:
    days = _format_days(slot.weekdays)
    return {"days": days, "time": f"{slot.time:%H:%M}", "timezone": slot.timezone}


def _format_days(weekdays: Sequence[int]) -> str:
    """Return weekdays as systemd and people write them: Mon..Fri, or Mon,Wed."""
    if len(weekdays) > 2 and weekdays[-1] - weekdays[0] == len(weekdays) - 1:
        return f"{WEEKDAYS[weekdays[0]]}..{WEEKDAYS[weekdays[-1]]}"
    return ",".join(WEEKDAYS[day] for day in weekdays)


def quote_for_unit(word: str) -> str:
    """Return a word quoted as systemd's ExecStart needs it."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{safe}"' if set(safe) & set(" \t'\"\\;#") or not safe else safe


def _list_offsets(timezone: str, now: dt.datetime) -> list[str]:
    """Return the offsets from UTC within a year, as `date +%z` prints them."""
    zone = ZoneInfo(timezone)
    days = [(now + dt.timedelta(days=n)).astimezone(zone) for n in range(0, 366, 7)]
    return list(dict.fromkeys(f"{day:%z}" for day in days))


def _format_utc_schedule(slot: WeeklySlot, offset: str) -> str:
    """Return cron's five fields in UTC for a slot whose timezone has this offset."""
    ahead = dt.datetime.strptime(offset, "%z").utcoffset() or dt.timedelta()
    monday = dt.datetime.combine(dt.date(2018, 1, 1), slot.time)  # a Monday
    runs = [monday + dt.timedelta(days=day) - ahead for day in slot.weekdays]
    days = ",".join(str(day) for day in sorted(run.isoweekday() % 7 for run in runs))
    return f"{runs[0].minute} {runs[0].hour} * * {days}"
