"""The scheduler in the foreground: at once, one at a time, made up for once, and a clean end."""

import datetime as dt
import sys
import threading
import time
from pathlib import Path

from volcast.pipeline.schedule.scheduler import SessionTrigger, run_command, run_scheduler

ROOT = Path(__file__).parents[3]


def utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def now():
    return dt.datetime.now(dt.UTC)


def test_what_was_slept_through_lies_in_the_past_and_is_one_run_for_each_session():
    trigger = SessionTrigger(["XNYS"])
    woken, missed = utc("2018-01-08 12:00"), [utc("2018-01-02 22:00")]
    while (following := trigger.get_next_fire_time(missed[-1], woken)) <= woken:
        missed.append(following)
    assert [run.day for run in missed] == [2, 3, 4, 5]
    assert following == utc("2018-01-08 22:00")


class EverySecond(SessionTrigger):
    """Stands in for the calendars: due each half second, and long before now."""

    def get_next_fire_time(self, previous, now):
        return (previous or now) + dt.timedelta(seconds=0.5)


def test_runs_never_overlap_and_missed_ones_are_made_up_for_once(monkeypatch):
    monkeypatch.setattr("volcast.pipeline.schedule.scheduler.SessionTrigger", EverySecond)
    stop, running, most, runs = threading.Event(), [], [], []

    def work():
        running.append(1)
        most.append(len(running))
        time.sleep(0 if stop.is_set() else 0.2)
        running.pop()
        runs.append(1)
        if len(runs) == 3:
            stop.set()

    hour_ago = now() - dt.timedelta(hours=1)
    run_scheduler(["XNYS"], work, stop=stop, log=lambda _: None, clock=lambda: hour_ago)
    assert max(most) == 1
    assert len(runs) == 3  # the 7,200 half seconds of the hour were one


def test_a_run_that_is_an_hour_late_is_run_all_the_same():
    stop, runs = threading.Event(), []

    def work():
        runs.append(1)
        stop.set()

    given_up = threading.Timer(10, stop.set)
    given_up.start()
    hour_ago = now() - dt.timedelta(hours=1)
    run_scheduler(["XNYS"], work, stop=stop, log=lambda _: None, clock=lambda: hour_ago)
    given_up.cancel()
    assert runs == [1]


def test_a_failed_run_is_logged_and_the_schedule_continues(monkeypatch):
    monkeypatch.setattr("volcast.pipeline.schedule.scheduler.SessionTrigger", EverySecond)
    monkeypatch.setattr("volcast.pipeline.schedule.scheduler.WAKE_SECONDS", 0.1)
    stop, logged, calls = threading.Event(), [], []

    def work():
        calls.append(1)
        if len(calls) == 2:
            stop.set()
        raise OSError("the disk is full")

    run_scheduler(["XNYS"], work, stop=stop, log=logged.append, clock=now)
    assert len(calls) >= 2
    assert "the run failed: the disk is full" in logged
    assert any(line.startswith("next run: ") and "America/New_York" in line for line in logged)


def test_the_exit_code_of_a_command_is_logged():
    logged = []
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    assert run_command(command, ROOT, threading.Event(), logged.append) == 3
    assert logged == ["the run ended with exit code 3"]


def test_a_command_that_will_not_end_is_ended(monkeypatch):
    monkeypatch.setattr("volcast.pipeline.schedule.scheduler.TERMINATION_SECONDS", 0.5)
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(99)"
    stop = threading.Event()
    stop.set()
    command = [sys.executable, "-c", stubborn]
    assert run_command(command, ROOT, stop, lambda _: None) < 0
