"""Texts for other schedulers: read back by systemd and the shell, right all year."""

import datetime as dt
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from volcast.pipeline.schedule.due import WeeklySlot, find_next_due
from volcast.pipeline.schedule.units import (
    Job,
    format_crontab,
    format_github_workflow,
    format_systemd_units,
)

AFTER_CLOSE = WeeklySlot("America/New_York", dt.time(17, 0), (0, 1, 2, 3, 4))
NOW = dt.datetime(2018, 2, 1, tzinfo=dt.UTC)
needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not here"
)


def job(folder, *, home="state", options=("--ticker", "^GSPC")):
    return Job(options, folder / home, folder)


@needs_systemd
@pytest.mark.parametrize("home", ["state", "my own home", "50% $HOME 'quoted' \"twice\""])
def test_systemd_accepts_the_units(tmp_path, home):
    (tmp_path / home).mkdir()
    job_here = Job(("--ticker", "^GSPC"), tmp_path / home, tmp_path / home)
    paths = []
    for name, text in format_systemd_units(job_here, AFTER_CLOSE).items():
        (tmp_path / name).write_text(text)
        paths.append(tmp_path / name)
    # --man=no: manual pages need not be installed
    verify = ["systemd-analyze", "verify", "--man=no", *map(str, paths)]
    answer = subprocess.run(verify, capture_output=True, text=True)
    ours = [line for line in answer.stderr.splitlines() if "volcast" in line]
    assert answer.returncode == 0, answer.stderr
    assert not ours


@needs_systemd
@pytest.mark.parametrize(
    ("after", "expected"),
    [("2018-03-09 12:00 UTC", "2018-03-09 22:00"), ("2018-03-10 12:00 UTC", "2018-03-12 21:00")],
)
def test_systemds_timer_elapses_when_the_session_has_settled(tmp_path, after, expected):
    (time,) = [
        line.removeprefix("OnCalendar=")
        for line in format_systemd_units(job(tmp_path), AFTER_CLOSE)["volcast.timer"].splitlines()
        if line.startswith("OnCalendar=")
    ]
    ask = ["systemd-analyze", "calendar", f"--base-time={after}", time]
    answer = subprocess.run(ask, capture_output=True, text=True, check=True, env={"TZ": "UTC"})
    assert expected in answer.stdout


@pytest.fixture
def at(tmp_path):
    """Return a function that runs the line of a crontab at a given time, as cron does."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    real = shutil.which("date")

    def run(text, now):
        fake = bin_folder / "date"
        fake.write_text(f'#!/bin/sh\nexec {real} --date="{now}" "$@"\n')
        fake.chmod(0o755)
        (line,) = [line for line in text.splitlines() if not line.startswith("#")]
        escaped = line.split(maxsplit=5)[5]
        assert not re.search(r"(?<!\\)%", escaped)  # cron would end the line there
        command = escaped.replace("\\%", "%")
        env = {"PATH": f"{bin_folder}:/usr/bin:/bin", "TZ": "Asia/Kolkata"}
        subprocess.run(["/bin/sh", "-c", command], check=True, env=env)

    return run


@pytest.mark.parametrize(
    ("now", "runs"),
    [
        ("2018-01-03 22:00 UTC", True),
        ("2018-07-03 21:00 UTC", True),
        ("2018-01-03 21:00 UTC", False),
        ("2018-07-03 22:00 UTC", False),
        ("2018-01-03 22:15 UTC", False),
        ("2018-01-06 22:00 UTC", False),
    ],
)
def test_crons_line_runs_the_job_at_the_exchanges_time_whatever_the_timezone(
    tmp_path, at, now, runs
):
    done = tmp_path / "done 100%"
    marking = Job((), tmp_path / "my home", tmp_path, python=f"{tmp_path}/mark")
    Path(marking.python).write_text(f'#!/bin/sh\necho "$@" > "{done}"\n')
    Path(marking.python).chmod(0o755)
    at(format_crontab(marking, AFTER_CLOSE), now)
    assert done.exists() == runs
    if runs:
        command = done.read_text().strip()
        assert command == f"-m volcast retrain --if-due --home {tmp_path}/my home"


def test_crons_line_begins_on_the_quarters_that_meet_the_time(tmp_path):
    slot = WeeklySlot("Asia/Jerusalem", dt.time(18, 24), (0, 1, 2, 3, 6))
    text = format_crontab(job(tmp_path), slot)
    assert "\n9,24,39,54 * * * * case " in text
    assert '[12347]" 18:24"' in text


def test_cron_prints_the_exit_code_so_that_mail_is_sent(tmp_path, at, capfd):
    alerted = Job((), tmp_path / "my home", tmp_path, python=f"{tmp_path}/alerted")
    Path(alerted.python).write_text("#!/bin/sh\necho done\nexit 3\n")
    Path(alerted.python).chmod(0o755)
    text = format_crontab(alerted, AFTER_CLOSE)
    at(text, "2018-01-03 22:00 UTC")
    log = tmp_path / "my home" / "cron.log"
    assert capfd.readouterr().out == f"volcast: exit code 3, see {log}\n"
    assert log.read_text() == "done\n"
    assert "job.webhook" in text and "MAILTO=" in text


def lines_and_guard(slot):
    """Return the UTC times of a workflow, and the pattern its guard lets through."""
    text = format_github_workflow(Job((), Path("state"), Path()), slot, NOW)
    crons = [line.split('"')[1] for line in text.splitlines() if "- cron:" in line]
    guard = text[text.index("case ") : text.index("esac") + 4]
    return crons, guard


def let_through(guard, cron_line, now, tmp_path):
    """Run a workflow's guard in a shell at a given time."""
    output = tmp_path / "output"
    output.write_text("")
    script = f'date() {{ command date --date="{now}" "$@"; }}\n{guard}'
    env = {"PATH": "/usr/bin:/bin", "CRON": cron_line, "GITHUB_OUTPUT": str(output)}
    subprocess.run(["bash", "-c", script], check=True, env=env)
    return output.read_text() == "yes=1\n"


@pytest.mark.parametrize(("month", "hour"), [("01", 22), ("07", 21)])
def test_one_of_the_workflows_lines_is_let_through_in_each_half_of_the_year(tmp_path, month, hour):
    crons, guard = lines_and_guard(AFTER_CLOSE)
    assert sorted(crons) == ["0 21 * * 1,2,3,4,5", "0 22 * * 1,2,3,4,5"]
    late = f"2018-{month}-03 23:59 UTC"  # GitHub may start a workflow hours late
    through = [line for line in crons if let_through(guard, line, late, tmp_path)]
    assert through == [f"0 {hour} * * 1,2,3,4,5"]
    due = find_next_due(["XNYS"], dt.datetime(2018, int(month), 3, 19, tzinfo=dt.UTC)).at
    assert due.hour == hour


def test_the_workflow_is_yaml_whose_steps_wait_for_the_guard():
    job_here = Job(("--config", "a: b #c.toml"), Path("my: home"), Path())
    workflow = yaml.safe_load(format_github_workflow(job_here, AFTER_CLOSE, NOW))
    first, *steps = workflow["jobs"]["retrain"]["steps"]
    assert first["id"] == "due"
    assert all("steps.due.outputs.yes" in step["if"] for step in steps)
    assert steps[-1]["with"]["path"] == "my: home"
    (upload,) = [step for step in steps if "upload-artifact" in step.get("uses", "")]
    assert upload["if"].startswith("always()") and upload["with"]["path"] == "my: home/reports"
    (retrain,) = [step["run"] for step in steps if "retrain" in step.get("run", "")]
    assert shlex.split(retrain)[1:] == job_here.command[1:]


def test_a_workflow_started_manually_is_let_through(tmp_path):
    _, guard = lines_and_guard(AFTER_CLOSE)
    assert let_through(guard, "", "2018-01-06 03:00 UTC", tmp_path)


def test_a_workflow_knows_the_weekday_in_utc():
    chicago = WeeklySlot("America/Chicago", dt.time(18, 30), (0, 1, 2, 3, 4))
    assert sorted(lines_and_guard(chicago)[0]) == ["30 0 * * 2,3,4,5,6", "30 23 * * 1,2,3,4,5"]
    tokyo = WeeklySlot("Asia/Tokyo", dt.time(7, 0), (0, 6))
    assert lines_and_guard(tokyo)[0] == ["0 22 * * 0,6"]
