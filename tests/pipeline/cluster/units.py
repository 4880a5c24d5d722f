"""Work for tests of the executors: small functions that other processes can import."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np

from volcast.pipeline.cluster.work import Work
from volcast.pipeline.errors import DataError

KILL_SELF, WAIT_FOREVER = -1, -2


def read_number(path: Path) -> int:
    return int(path.read_text())


def read_size(path: Path) -> int:
    return path.stat().st_size


def add(shared, unit, progress):
    progress.note(f"adding {unit}")
    return shared + unit


def add_slowly(shared, unit, progress):
    """Leave the nodes that start later the time to join."""
    time.sleep(3)
    return add(shared, unit, progress)


def fail(shared, unit, progress):
    raise DataError(f"unit {unit} is too short")


def kill_always(shared, unit, progress):
    if unit == KILL_SELF:
        os.kill(os.getpid(), signal.SIGKILL)
    return shared + unit


def trouble_once(shared, unit, progress, *, marker: Path):
    """Meet a fate the first time: the process is killed, or waits until its node is."""
    number, fate = unit
    mark = marker.with_suffix(f".{fate}")
    if fate and not mark.exists():
        mark.touch()
        if fate == KILL_SELF:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(600)
    return add(shared, number, progress)


def make_array(shared, unit, progress):
    return np.full(60 * 2**20 // 8, shared + unit, dtype=float)


def make_work(path: Path, compute=add, **options) -> Work:
    path.write_text("40")
    return Work(partial(compute, **options) if options else compute, read_number, path, 40)
