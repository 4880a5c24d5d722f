"""The command line of volcast as a child process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence

from volcast.pipeline.home import Home

NICENESS = 10  # the server answers first
PREFIX = "volcast: "  # of the one line of an error
ERROR_LENGTH = 2_000  # characters that are kept


def start_command(home: Home, words: Sequence[str]) -> subprocess.Popen[str]:
    """Start ``volcast WORDS --home HOME``, with lower priority than the server.

    Parameters
    ----------
    home
        The home.
    words
        Command and options; a value that somebody gave stands in one word with its option
        (``--why=...``), so that it cannot become an option itself.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "volcast", *words, "--home", str(home.folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    with contextlib.suppress(OSError):  # it has ended already
        os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
    return process


def find_error(errors: str) -> str:
    r"""Return the error that a command printed, without its other messages.

    Examples
    --------
    >>> find_error("updating the bars\nvolcast: the disk is full\n")
    'the disk is full'
    """
    lines = [line for line in errors.splitlines() if line.strip()]
    named = [line.removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)]
    last = (named or lines or ["it gave no reason"])[-1]
    return last[:ERROR_LENGTH]
