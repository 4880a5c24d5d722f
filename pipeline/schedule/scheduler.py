"""The scheduler in the foreground: one run at a time, what was slept through made up for once."""

from __future__ import annotations

import datetime as dt
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from volcast.pipeline.schedule.due import next_due

# Timers stand still while a machine sleeps; asking the clock this often ends the sleep for them.
WAKE_SECONDS = 30.0
POLL_SECONDS = 0.5
PATIENCE_SECONDS = 20.0  # between asking a job to end and ending it

Tell = Callable[[str], None]


class SessionTrigger(BaseTrigger):
    """Fires when the sessions of these calendars have settled."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def get_next_fire_time(self, previous: dt.datetime | None, now: dt.datetime) -> dt.datetime:
        """Return the first run after the previous one, which may lie in the past."""
        return next_due(self.names, previous or now).at


def serve(
    names: Sequence[str],
    work: Callable[[], Any],
    *,
    stop: threading.Event,
    tell: Tell,
    clock: Callable[[], dt.datetime],
) -> None:
    """Call `work` now and whenever a session has settled, until `stop` or an exception ends it.

    The first call makes up for runs that were due while nothing ran; runs that the machine slept
    through are made up for by one. A failure of `work` is told and ends nothing. On `stop` the
    run in progress is waited for: `work` should watch `stop` itself. Due times come from
    APScheduler's clock, the system's; `clock` is for the first run and for what is told.
    """
    scheduler = BackgroundScheduler(
        timezone=dt.UTC,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )

    def run() -> None:
        try:
            work()
        finally:
            due = next_due(names, clock())
            tell(f"next run: {due.at:%Y-%m-%d %H:%M} UTC ({due.local:%H:%M} {due.timezone})")

    def failed(event: Any) -> None:
        tell(f"the run failed: {event.exception}")

    scheduler.add_listener(failed, EVENT_JOB_ERROR)
    scheduler.add_job(run, SessionTrigger(names), next_run_time=clock())
    try:
        scheduler.start()
        while not stop.wait(WAKE_SECONDS):
            scheduler.wakeup()
    finally:
        stop.set()
        if scheduler.running:
            scheduler.shutdown(wait=True)


def run_command(command: Sequence[str], folder: Path, stop: threading.Event, tell: Tell) -> int:
    """Run a command in a folder and return its exit code; end it when `stop` is set."""
    process = subprocess.Popen(command, cwd=folder)
    while process.poll() is None:
        if stop.is_set():
            _end(process)
        try:
            process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    if process.returncode and not stop.is_set():
        tell(f"the run ended with exit code {process.returncode}")
    return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
