"""Texts that make another scheduler run the job: systemd, cron, GitHub Actions."""

from __future__ import annotations

import datetime as dt
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from volcast.pipeline.schedule.due import Slot

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WORKFLOW_CONFIG = "volcast.toml"  # the settings that a workflow reads, where none are named
QUARTER = 15  # minutes; offsets of timezones are multiples of it


@dataclass(frozen=True)
class Job:
    """The command to run: options of `volcast retrain`, where it keeps its state, where it runs."""

    options: tuple[str, ...]
    home: Path
    folder: Path
    python: str = sys.executable

    @property
    def command(self) -> list[str]:
        """Return the words of the command."""
        home = ["--home", str(self.home)]
        return [self.python, "-m", "volcast", "retrain", "--if-due", *home, *self.options]


def systemd(job: Job, slot: Slot) -> dict[str, str]:
    """Return the two units by file name; the timer makes up for a run that was slept through."""
    time = f"{_days(slot.weekdays)} {slot.time:%H:%M}:00 {slot.timezone}"
    service = f"""\
[Unit]
Description=volcast: retrain when due, forecast
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory={_unit_path(job.folder)}
ExecStart={" ".join(_unit_word(word) for word in job.command)}
"""
    timer = f"""\
[Unit]
Description=volcast: after the close and its settling time

[Timer]
OnCalendar={time}
AccuracySec=1min
Persistent=true

[Install]
WantedBy=timers.target
"""
    return {"volcast.service": service, "volcast.timer": timer}


def cron(job: Job, slot: Slot) -> str:
    """Return the lines of a crontab.

    A line looks at the exchange's clock every quarter of an hour, so that it is right whatever
    timezone cron runs in: CRON_TZ would say it in one line, but Debian's cron ignores it without
    a word, and no cron makes up for a run that was slept through.
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
    return f"""\
# volcast: {_days(slot.weekdays)} at {slot.time:%H:%M} in {slot.timezone}, after close and settling.
# The line asks that timezone's clock, so CRON_TZ is not needed (Debian's cron ignores it) and
# daylight saving is right in any timezone of this machine. cron does not make up for a run that
# was slept through; systemd and `volcast schedule run` do.
# Exit code 3 (all was done, an alert stands) reaches nobody by itself, nor does a failure: set
# job.webhook in the settings (alerts alone), or MAILTO=you@example.com above the line (both), on a
# machine that can send mail.
{minutes} * * * * {line}
"""


def github_actions(job: Job, slot: Slot, now: dt.datetime) -> str:
    """Return a workflow; paths are taken from the root of the repository.

    GitHub knows UTC only, so that there is one line for each half of daylight saving, and a
    step that lets the right one through, however late GitHub starts it. The home is kept in
    GitHub's cache from run to run, and the reports of each run as an artifact.
    """
    lines = {offset: _utc_line(slot, offset) for offset in _offsets(slot.timezone, now)}
    crons = "\n".join(f'    - cron: "{line}"' for line in lines.values())
    cases = " | ".join(f'"{offset} {line}"' for offset, line in lines.items())
    command = shlex.join(["python", *job.command[1:]])
    return f"""\
# Settings: the --config below is a file of this repository; commit it first. Without one of your
# own: volcast config > {WORKFLOW_CONFIG}
# State: the home lies in GitHub's cache, and is only as safe as that: it is evicted after 7 days
# without a run and beyond 10 GB; ledger and models go with it, and the next run begins anew.
# GitHub also stops a public repository's schedule after 60 days without a commit. Where that must
# not happen, run the job on a machine of yours: volcast schedule install --systemd
# Exit code 3 (all was done, an alert stands) fails the run, and GitHub mails you; a webhook
# (job.webhook) is told each alert once.
name: volcast
on:
  schedule:  # {_days(slot.weekdays)} at {slot.time:%H:%M} in {slot.timezone}
{crons}
  workflow_dispatch:
concurrency: volcast
permissions:
  contents: read
jobs:
  retrain:
    runs-on: ubuntu-latest
    steps:
      - id: due
        env:
          CRON: ${{{{ github.event.schedule }}}}
        run: |
          case "$(TZ={slot.timezone} date +%z) $CRON" in
            {cases} | *" ") echo "yes=1" >> "$GITHUB_OUTPUT" ;;
          esac
      - if: steps.due.outputs.yes
        uses: actions/checkout@v4
      - if: steps.due.outputs.yes
        uses: actions/setup-python@v5
        with:
          python-version: "{sys.version_info.major}.{sys.version_info.minor}"
          cache: pip
      - if: steps.due.outputs.yes
        run: python -m pip install ".[ops]"
      - if: steps.due.outputs.yes
        uses: actions/cache/restore@v4
        with:
          path: {json.dumps(job.home.as_posix())}
          key: volcast-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
          restore-keys: volcast-
      - if: steps.due.outputs.yes
        run: |
          {command}
      - if: always() && steps.due.outputs.yes
        uses: actions/upload-artifact@v4
        with:
          name: volcast-reports-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
          path: {json.dumps((job.home / "reports").as_posix())}
          if-no-files-found: ignore
          include-hidden-files: true
      - if: always() && steps.due.outputs.yes
        uses: actions/cache/save@v4
        with:
          path: {json.dumps(job.home.as_posix())}
          key: volcast-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
"""


def _days(weekdays: Sequence[int]) -> str:
    """Return weekdays as systemd and people write them: Mon..Fri, or Mon,Wed."""
    if len(weekdays) > 2 and weekdays[-1] - weekdays[0] == len(weekdays) - 1:
        return f"{WEEKDAYS[weekdays[0]]}..{WEEKDAYS[weekdays[-1]]}"
    return ",".join(WEEKDAYS[day] for day in weekdays)


def _unit_path(path: Path) -> str:
    return str(path).replace("%", "%%")


def _unit_word(word: str) -> str:
    """Return a word as systemd's ExecStart reads it back."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{safe}"' if set(safe) & set(" \t'\"\\;#") or not safe else safe


def _offsets(timezone: str, now: dt.datetime) -> list[str]:
    """Return the offsets from UTC within a year, as `date +%z` prints them."""
    zone = ZoneInfo(timezone)
    days = [(now + dt.timedelta(days=n)).astimezone(zone) for n in range(0, 366, 7)]
    return list(dict.fromkeys(f"{day:%z}" for day in days))


def _utc_line(slot: Slot, offset: str) -> str:
    """Return cron's five fields in UTC for a slot whose timezone has this offset."""
    ahead = dt.datetime.strptime(offset, "%z").utcoffset() or dt.timedelta()
    monday = dt.datetime.combine(dt.date(2018, 1, 1), slot.time)  # a Monday
    runs = [monday + dt.timedelta(days=day) - ahead for day in slot.weekdays]
    days = ",".join(str(day) for day in sorted(run.isoweekday() % 7 for run in runs))
    return f"{runs[0].minute} {runs[0].hour} * * {days}"
