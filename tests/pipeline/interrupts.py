"""Starts processes that can be interrupted, also where the tests themselves cannot.

A shell starts what runs in its background with interrupts ignored, and processes inherit that.
"""

import signal
import subprocess
from typing import Any


def start_interruptible(command: list[Any], **options: Any) -> subprocess.Popen:
    """Start a process that an interrupt ends, whatever this one does on an interrupt."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(command, **options)
    finally:
        signal.signal(signal.SIGINT, before)
