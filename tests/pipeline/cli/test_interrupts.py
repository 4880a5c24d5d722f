"""Interrupts that a finalizer ignored."""

import subprocess
import sys

SCRIPT = """
import signal, time
from volcast.pipeline.cli.interrupts import ignored_interrupts_repeated

class Response:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
        sum(range(10))

def download():
    Response()
    time.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)
{body}
print("went on")
"""
GUARDED = """
try:
    with ignored_interrupts_repeated():
        download()
except KeyboardInterrupt:
    raise SystemExit(3)
"""


def run_script(body):
    command = [sys.executable, "-c", SCRIPT.format(body=body)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def test_an_interrupt_that_a_finalizer_ignored_ends_the_work():
    ended = run_script(GUARDED)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "", "")


def test_python_alone_ignores_it():
    ended = run_script("Response()")
    assert ended.returncode == 0
    assert "Exception ignored in" in ended.stderr and ended.stdout == "went on\n"


def test_other_ignored_exceptions_are_reported_as_before():
    body = """
class Broken:
    def __del__(self):
        raise OSError("closed twice")

with ignored_interrupts_repeated():
    Broken()
"""
    ended = run_script(body)
    assert ended.returncode == 0 and "OSError: closed twice" in ended.stderr
