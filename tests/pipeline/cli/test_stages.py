"""The commands of a backtest: what they print, and what a script reads."""

import json

from tests.pipeline.samples import volcast
from volcast.pipeline.backtest import stages


def test_a_piped_run_prints_plain_lines_of_stages_and_folds(small, tmp_path):
    answer = volcast("run", "--config", small, "--out", tmp_path / "run")
    assert (answer.code, answer.out) == (0, "")
    assert "\x1b" not in answer.err and "\r" not in answer.err
    lines = answer.err.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        *("download", "features", "train", "evaluate", "diagnose", "report"),
    ]
    assert lines[1] == "  prices.csv: plain table; 1,400 bars of AAA, BBB"
    assert lines[2] == "  1,400 bars of 2 tickers, 2016-01-05 to 2018-10-12"
    folds = [line for line in lines if line.startswith("  fold ")]
    assert [line[:30] for line in folds] == [
        "  fold 1/2, tested from 2017-1",
        "  fold 2/2, tested from 2018-0",
    ]
    assert lines[-1] == f"  {tmp_path / 'run' / 'report.html'}"


def test_quiet_prints_nothing_and_errors_all_the_same(small, run_dir):
    quiet = volcast("run", "--config", small, "--out", run_dir, "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    wrong = volcast("run", "--config", small, "--out", run_dir, "--quiet", "--epochs", "0")
    assert "model.epochs must be 1 or more" in wrong.complaint


def test_json_of_a_run_is_all_that_is_printed(small, run_dir):
    answer = volcast("run", "--config", small, "--out", run_dir, "--json")
    assert (answer.code, answer.err) == (0, "")
    summary = json.loads(answer.out)
    assert summary["run_dir"] == str(run_dir)
    assert summary["failures"] == {}
    stages = {"download", "features", "train", "evaluate", "diagnose", "report"}
    assert set(summary["seconds"]) == stages
    assert summary["forecasts"] == json.loads(volcast("forecast", run_dir, "--json").out)


def test_every_stage_is_a_command_of_its_own():
    for name in ("download", "features", "train", "evaluate", "report"):
        assert callable(getattr(stages, name))
        assert "RUN_DIR" in volcast(name, "--help").out
