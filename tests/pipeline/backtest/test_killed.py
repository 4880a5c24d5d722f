"""Runs as processes of their own: killed, run anew, and run twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pipeline.interrupts import start_interruptible
from volcast.pipeline.backtest.run_folder import BARS, CONFIG, FEATURES, FORECASTS, HISTORY, SCORES
from volcast.pipeline.files import UNFINISHED

PATIENCE = 120  # seconds
# Something that appears in the folder, in this order: the run is killed when it is there.
MOMENTS = (
    "quality.csv",
    "bars.parquet",
    "config.toml",
    "features.arrow",
    "model/.fold-000.unfinished",
    "model/fold-000",
    "model/.fold-001.unfinished/network.keras",
    "history.csv",
    "forecasts.parquet",
    "scores.csv",
    "report.md",
)


def start(small: Path, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "volcast", "run", "--config", str(small), "--out", folder]
    return start_interruptible(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )


def finish(small: Path, folder: Path) -> str:
    process = start(small, folder)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    return said


def kill_at(small: Path, folder: Path, moment: str) -> str:
    """Kill a run as soon as a file is there; return what it had said."""
    process = start(small, folder)
    deadline = time.monotonic() + PATIENCE
    while not (folder / moment).exists():
        assert process.poll() is None, f"it ended before {moment}: {process.stderr.read()}"
        assert time.monotonic() < deadline
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    return said


@pytest.mark.slow
def test_a_fresh_process_forecasts_byte_for_byte_the_same(small, finished, tmp_path):
    finish(small, tmp_path / "run")
    for name in (FORECASTS, SCORES, HISTORY, FEATURES):
        assert (tmp_path / "run" / name).read_bytes() == (finished / name).read_bytes()


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_as_if_it_never_was(small, finished, tmp_path):
    folder = tmp_path / "run"
    said = {moment: kill_at(small, folder, moment) for moment in MOMENTS}
    assert "reusing 1 finished folds" in said["history.csv"]
    assert "train: unchanged, skipped" in said["scores.csv"]
    finish(small, folder)
    for name in (FORECASTS, SCORES, HISTORY, CONFIG):
        assert (folder / name).read_bytes() == (finished / name).read_bytes()
    assert not list(folder.rglob(f"*{UNFINISHED}"))
    assert {path.name for path in folder.iterdir()} == {path.name for path in finished.iterdir()}


def test_an_interrupted_process_says_one_line_and_exits_with_1(small, tmp_path):
    process = start(small, tmp_path / "run")
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "run" / FEATURES).exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert said.endswith("volcast: interrupted; run the same command again to continue\n")
    assert "Traceback" not in said


def test_a_second_process_in_the_folder_is_refused(small, tmp_path):
    folder = tmp_path / "run"
    first = start(small, folder)
    deadline = time.monotonic() + PATIENCE
    while not (folder / BARS).exists():
        assert first.poll() is None and time.monotonic() < deadline
        time.sleep(0.001)
    second = start(small, folder)
    _, said = second.communicate(timeout=PATIENCE)
    still_running = first.poll() is None
    first.kill()
    first.communicate()
    assert still_running
    assert second.returncode == 1
    assert said == (
        f"volcast: {folder} is in use by another volcast process; "
        "wait for it, or choose another folder\n"
    )
