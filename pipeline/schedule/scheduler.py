"""The scheduler in the foreground: one run at a time, one run for all that were missed."""

from __future__ import annotations

import datetime as dt
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from volcast.pipeline.schedule.due import find_next_due

# Timers stop while a machine sleeps; checking the clock this often lets them notice that it woke.
WAKE_SECONDS = 30.0
POLL_SECONDS = 0.5
TERMINATION_SECONDS = 20.0  # between SIGTERM and SIGKILL

Log: TypeAlias = Callable[[str], None]


class SessionTrigger(BaseTrigger):
    """A trigger of APScheduler that fires when the sessions of some calendars have settled."""

    def __init__(self, calendars: Sequence[str]) -> None:
        self.calendars = tuple(calendars)

    def get_next_fire_time(self, previous: dt.datetime | None, now: dt.datetime) -> dt.datetime:
        """Return the first run after the previous one, which may lie in the past."""
        return find_next_due(self.calendars, previous or now).at


def run_scheduler(
    calendars: Sequence[str],
    work: Callable[[], Any],
    *,
    stop: threading.Event,
    log: Log,
    clock: Callable[[], dt.datetime],
) -> None:
    """Call `work` now and after each session has settled, until `stop` is set.

    The first call catches up on runs that were due while nothing ran; one call catches up on all
    runs missed while the machine was asleep. A failure of `work` is logged, and the schedule
    continues. An exception raised in this thread, such as that of a signal handler, ends it too.

    Parameters
    ----------
    calendars
        The calendars of all tickers.
    work
        Does one run; it should watch `stop`, because the run in progress is waited for.
    stop
        Ends the schedule when it is set.
    log
        Writes a line of the log.
    clock
        Returns the time, for the first run and for the log; due times follow APScheduler's clock,
        which is the system's.
    """
    scheduler = BackgroundScheduler(
        timezone=dt.UTC,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )

    def run() -> None:
        try:
            work()
        finally:
            due = find_next_due(calendars, clock())
            log(f"next run: {due.at:%Y-%m-%d %H:%M} UTC ({due.local:%H:%M} {due.timezone})")

    def log_failure(event: Any) -> None:
        log(f"the run failed: {event.exception}")

    scheduler.add_listener(log_failure, EVENT_JOB_ERROR)
    scheduler.add_job(run, SessionTrigger(calendars), next_run_time=clock())
    try:
        scheduler.start()
        while not stop.wait(WAKE_SECONDS):
            scheduler.wakeup()
    finally:
        stop.set()
        if scheduler.running:
            scheduler.shutdown(wait=True)


def run_command(command: Sequence[str], folder: Path, stop: threading.Event, log: Log) -> int:
    """Run a command in a folder and return its exit code; end it when `stop` is set."""
    process = subprocess.Popen(command, cwd=folder)
    while process.poll() is None:
        if stop.is_set():
            _terminate(process)
        try:
            process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    if process.returncode and not stop.is_set():
        log(f"the run ended with exit code {process.returncode}")
    return process.returncode


def _terminate(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(TERMINATION_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
