"""The commands of the schedule: what they print, and that a signal ends them cleanly."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.pipeline.interrupts import start_interruptible
from volcast.pipeline.cli import schedule as schedule_commands
from volcast.pipeline.cli.app import app
from volcast.pipeline.errors import ConfigError

ROOT = Path(__file__).parents[3]
SECONDS = 60  # before a test gives up


def utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def started(command, cwd, **more):
    env = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    return start_interruptible(
        command, cwd=cwd, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for(condition):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def alive(process_id):
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for the job in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_midst_of_a_job_ends_both_with_exit_code_zero(tmp_path, number):
    note = tmp_path / "job"
    job = f"import os, time, pathlib; pathlib.Path({str(note)!r}).write_text(str(os.getpid()));"
    script = f"""
import sys
import volcast.pipeline.cli.schedule as commands
from volcast.pipeline.schedule.units import Job
from volcast.pipeline.cli.main import main
commands.build_job = lambda *_: (Job((), None, {str(tmp_path)!r}), ["XNYS"])
Job.command = property(lambda self: [{sys.executable!r}, "-c", {job + "time.sleep(600)"!r}])
sys.argv = ["volcast", "schedule", "run"]
main()
"""
    process = started([sys.executable, "-c", script], tmp_path)
    wait_for(lambda: note.exists() and note.read_text())
    process.send_signal(number)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors
    assert not alive(int(note.read_text()))
    assert "Traceback" not in errors


def test_the_command_waits_for_the_next_session_and_ends_on_sigterm_with_zero(tmp_path):
    # There are no prices to be found, so that the job itself ends at once, whatever it does.
    command = [
        sys.executable,
        "-m",
        "volcast",
        "schedule",
        "run",
        "--home",
        str(tmp_path / "home"),
    ]
    process = started([*command, "--source", "files", "--ticker", "^GSPC"], tmp_path)
    shown = []
    while not shown or "next run: " not in shown[-1]:
        line = process.stderr.readline()
        assert line, "".join(shown)
        shown.append(line)
    assert "America/New_York" in shown[-1]
    process.terminate()
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0


def volcast(*words):
    return CliRunner().invoke(app, ["schedule", *words], catch_exceptions=False)


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(schedule_commands, "utc_now", lambda: utc("2018-07-04 12:00"))


def test_show_prints_utc_and_the_exchanges_time(clock, tmp_path):
    shown = volcast("show", "--home", str(tmp_path), "--ticker", "SPY").stdout
    assert shown == (
        "next run: 2018-07-05 21:00 UTC, 2018-07-05 17:00 America/New_York, "
        "for the session of 2018-07-05 (XNYS)\n"
    )


def test_show_as_json_names_all_calendars(clock, tmp_path):
    words = ["--home", str(tmp_path), "--ticker", "VOD.L", "--ticker", "7203.T", "--json"]
    printed = json.loads(volcast("show", *words).stdout)
    assert printed == {
        "due_utc": "2018-07-04T16:30:00Z",
        "due_local": "2018-07-04T17:30:00+01:00",
        "timezone": "Europe/London",
        "session": "2018-07-04",
        "calendar": "XLON",
        "calendars": ["XLON", "XTKS"],
    }


def test_settings_come_from_the_option_or_from_the_home(clock, tmp_path):
    (tmp_path / "config.toml").write_text('[data]\ntickers = ["7203.T"]\n')
    other = tmp_path / "other.toml"
    other.write_text('[data]\ntickers = ["VOD.L"]\n')
    home = ["--home", str(tmp_path)]
    assert "Asia/Tokyo" in volcast("show", *home).stdout
    assert "Europe/London" in volcast("show", *home, "--config", str(other)).stdout
    shown = volcast("install", "--systemd", *home).stdout
    assert (
        f"retrain --if-due --home {tmp_path}\n" in shown
    )  # retrain reads config.toml there itself
    shown = volcast("install", "--systemd", *home, "--config", str(other)).stdout
    assert f"retrain --if-due --home {tmp_path} --config {other}\n" in shown


def test_install_names_the_files_of_the_source(clock, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["--systemd", "--home", "state", "--source", "files", "--data", "my bars"]
    service = volcast("install", *words).stdout
    assert f'--home {tmp_path}/state --source files --data "{tmp_path}/my bars"\n' in service


def test_install_writes_files_that_name_absolute_paths(clock, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["--systemd", "--home", "state", "--ticker", "SPY", "--to", "units"]
    assert volcast("install", *words).exit_code == 0
    service = (tmp_path / "units" / "volcast.service").read_text()
    assert f"{sys.executable} -m volcast retrain --if-due --home {tmp_path}/state" in service
    assert f"WorkingDirectory={tmp_path}\n" in service
    timer = (tmp_path / "units" / "volcast.timer").read_text()
    assert "OnCalendar=Mon..Fri 17:00:00 America/New_York\n" in timer


def test_a_workflow_names_paths_inside_the_repository(clock, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = volcast("install", "--github-actions", "--home", "state").stdout
    retrain = "\n          python -m volcast retrain --if-due --home state --config "
    assert f"{retrain}volcast.toml\n" in shown and "# own: volcast config > volcast.toml" in shown
    (tmp_path / "my.toml").write_text('[data]\ntickers = ["7203.T"]\n')
    words = ["--github-actions", "--home", "state", "--config", "my.toml"]
    shown = volcast("install", *words).stdout
    assert f"{retrain}my.toml\n" in shown and "Asia/Tokyo" in shown
    (tmp_path / "my.toml").rename("volcast.toml")
    assert "Asia/Tokyo" in volcast("install", *words[:3]).stdout
    with pytest.raises(ConfigError, match="must lie inside the repository"):
        volcast("install", "--github-actions", "--home", "/elsewhere")


@pytest.mark.parametrize("kinds", [[], ["--cron", "--systemd"]])
def test_install_needs_one_kind(kinds, tmp_path):
    with pytest.raises(ConfigError, match="name one of"):
        volcast("install", *kinds, "--home", str(tmp_path))
