"""Delivers an interrupt again that Python could not raise."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

DELAY = 0.05  # seconds; by then the finalizer that ignored the interrupt has returned


@contextmanager
def ignored_interrupts_repeated() -> Iterator[None]:
    """Send an interrupt again whenever a finalizer or a callback of a library ignored it.

    An interrupt arrives as `KeyboardInterrupt` wherever the main thread is. In a ``__del__`` or a
    callback from C, Python prints the exception and goes on: the process would not end.
    """
    report = sys.unraisablehook

    def repeat_or_report(ignored: sys.UnraisableHookArgs) -> None:
        if not issubclass(ignored.exc_type, KeyboardInterrupt):
            report(ignored)
            return
        main = threading.main_thread().ident
        timer = threading.Timer(DELAY, signal.pthread_kill, [main, signal.SIGINT])
        timer.daemon = True
        timer.start()

    sys.unraisablehook = repeat_or_report
    try:
        yield
    finally:
        sys.unraisablehook = report
