"""Retrainings that were asked for: one at a time, each a process of its own."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import subprocess
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import lock_folder
from volcast.pipeline.serve.admin.command import find_error, start_command
from volcast.pipeline.serve.problems import RequestError
from volcast.pipeline.serve.state import ServerState

KEPT_JOBS = 50
EXIT_ALERTS = 3  # everything was done, and alerts are open
PATIENCE = 10.0  # seconds between the request to end and the end by force
State = Literal["running", "done", "failed", "stopped"]


@dataclass
class Job:
    """A retraining; `summary` is what `volcast retrain --json` printed."""

    id: str
    requested_by: str
    started_at: dt.datetime
    state: State = "running"
    ended_at: dt.datetime | None = None
    exit_code: int | None = None
    detail: str | None = None
    summary: dict[str, Any] | None = None


class Retrainings:
    """The retrainings of one server, in memory; what they did is in the ledger.

    Parameters
    ----------
    state
        Of the server.
    count
        Called with the state in which a retraining has ended.
    """

    def __init__(self, state: ServerState, count: Callable[[str], None]) -> None:
        self._state, self._count = state, count
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def start(self, requested_by: str, *, if_due: bool) -> Job:
        """Start a retraining.

        Raises
        ------
        RequestError
            Something else is at work in the home (409).
        """
        with self._lock:
            if self._closed:
                raise RequestError(409, "the server is ending")
            begin_work(self._state)
            try:
                _check_lock(self._state)
                words = ["retrain", "--json", *(["--if-due"] if if_due else [])]
                self._process = start_command(self._state.home, words)
            except BaseException:
                self._state.work.release()
                raise
            job = Job(secrets.token_hex(8), requested_by, self._state.clock())
            self._jobs[job.id] = job
            while len(self._jobs) > KEPT_JOBS:
                self._jobs.popitem(last=False)
            self._thread = threading.Thread(
                target=self._wait, args=(job, self._process), daemon=True
            )
            self._thread.start()
        return job

    def find(self, identifier: str) -> Job:
        """Return a job; a 404 if there is none with that id, or not since the server started."""
        with self._lock:
            if identifier not in self._jobs:
                raise RequestError(404, "there is no such job, or not since the last restart")
            return self._jobs[identifier]

    def list_jobs(self) -> list[Job]:
        """Return the newest jobs, the last one first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def close(self) -> None:
        """End a retraining that runs: the next one keeps what it did, and does the rest."""
        with self._lock:
            self._closed = True
            process, thread = self._process, self._thread
        if process is None or thread is None:
            return
        process.terminate()
        thread.join(PATIENCE)
        if thread.is_alive():
            process.kill()
            thread.join(PATIENCE)

    def _wait(self, job: Job, process: subprocess.Popen[str]) -> None:
        out, errors = process.communicate()
        with self._lock:
            job.ended_at, job.exit_code = self._state.clock(), process.returncode
            if process.returncode in (0, EXIT_ALERTS):
                job.state, job.summary = "done", self._parse(out)
            else:
                job.state = "stopped" if self._closed else "failed"
                job.detail = self._state.redact(find_error(errors))
            self._process = None
            self._state.work.release()
        self._count(job.state)

    def _parse(self, out: str) -> dict[str, Any] | None:
        """Return the summary without paths of the host."""
        try:
            found = json.loads(self._state.redact(out))
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


def begin_work(state: ServerState) -> None:
    """Take `state.work`; raise a 409 if a retraining or a change of champion has it."""
    if not state.work.acquire(blocking=False):
        raise RequestError(409, "a retraining or a change of champion is in progress; wait for it")


def _check_lock(state: ServerState) -> None:
    """Raise a 409 if a job or another command holds the lock of the home."""
    try:
        with lock_folder(state.home.folder):
            return
    except StorageError as error:
        raise RequestError(
            409, f"something else is at work in the home: {state.redact(str(error))}"
        ) from error
