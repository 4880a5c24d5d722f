import io
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from tests.pipeline.samples import volcast
from volcast.pipeline.backtest import stages
from volcast.pipeline.backtest.run_folder import FEATURES, FORECASTS
from volcast.pipeline.cli.printing import forecast_rows, forecast_table
from volcast.pipeline.errors import DataError
from volcast.pipeline.version import __version__

COMMANDS = [
    *("run", "download", "features", "train", "evaluate", "report"),
    *("forecast", "config", "verify", "data", "lab", "lr-find", "map", "landscape"),
    *("check-gradients", "compare", "diagnose", "ledger", "models"),
]
HEAVY = ["numpy", "pandas", "scipy", "sklearn", "keras", "tensorflow", "arch", "matplotlib"]
HEAVY += ["pyarrow", "statsmodels", "exchange_calendars", "yfinance", "jinja2"]
HEAVY += ["mlflow", "sqlalchemy", "sqlite3"]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_nothing_heavy_is_imported_to_answer(option):
    """And each subcommand's help as well, as it is the same module."""
    script = (
        "import sys; from volcast.pipeline.cli.main import main\n"
        "sys.argv = ['volcast', *sys.argv[1:]]\n"
        "try: main()\n"
        "finally: print('loaded:', *(n for n in sys.modules if '.' not in n), file=sys.stderr)"
    )
    for command in ([], ["run"], ["ledger"], ["models", "list"]) if option == "--help" else ([],):
        answer = subprocess.run(
            [sys.executable, "-c", script, *command, option], capture_output=True, text=True
        )
        loaded = answer.stderr.partition("loaded:")[2].split()
        assert answer.returncode == 0 and "typer" in loaded
        assert not set(loaded) & set(HEAVY)


def test_the_version_is_printed():
    assert volcast("--version").out == f"volcast {__version__}\n"


def test_help_names_every_command():
    shown = volcast("--help").out
    assert all(re.search(rf"^\W*{name}\s", shown, re.MULTILINE) for name in COMMANDS)
    for name in COMMANDS:
        answer = volcast(name, "--help")
        assert answer.code == 0 and f"volcast {name}" in answer.out


@pytest.mark.parametrize("arguments", [("fly",), ("train",), ("forecast", "a", "b"), ("--fly",)])
def test_wrong_usage_exits_with_2_and_no_traceback(arguments):
    answer = volcast(*arguments)
    assert answer.code == 2
    assert "Usage: volcast" in answer.err and "Traceback" not in answer.err


def test_a_piped_run_prints_plain_lines_of_stages_and_folds(small, tmp_path):
    answer = volcast("run", "--config", small, "--out", tmp_path / "run")
    assert (answer.code, answer.out) == (0, "")
    assert "\x1b" not in answer.err and "\r" not in answer.err
    lines = answer.err.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        *("download", "features", "train", "evaluate", "diagnose", "report"),
    ]
    assert lines[1] == "  1,400 bars of 2 tickers, 2016-01-05 to 2018-10-12"
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


def test_forecasts_are_told_as_annualised_volatility_beside_har(finished):
    """By hand from the forecast table: 100 * sqrt(252 * variance) of the newest origin."""
    table = pd.read_parquet(finished / FORECASTS)
    features = pd.read_parquet(finished / FEATURES)
    told = json.loads(volcast("forecast", finished, "--json").out)
    assert [(row["ticker"], row["horizon"]) for row in told] == [
        *(("AAA", 1), ("AAA", 5), ("BBB", 1), ("BBB", 5))
    ]
    assert {row["origin"] for row in told} == {"2018-10-12"}  # a Friday, the last bar
    assert {row["target_start"] for row in told} == {"2018-10-15"}
    assert {row["target_end"] for row in told} == {"2018-10-15", "2018-10-19"}
    for row in told:
        mine = table[
            (table["ticker"] == row["ticker"])
            & (table["horizon"] == row["horizon"])
            & (table["origin"] == row["origin"])
        ].set_index("model")
        today = features[(features["ticker"] == row["ticker"])]["variance"].iloc[-1]
        by_hand = {
            "volatility": mine.loc["network", "variance"],
            "lower": mine.loc["network", "lower"],
            "upper": mine.loc["network", "upper"],
            "har": mine.loc["har", "variance"],
            "today": today,
        }
        for name, variance in by_hand.items():
            assert row[name] == pytest.approx(100 * np.sqrt(252 * variance), abs=0.0051)
        assert row["lower"] < row["volatility"] < row["upper"]


def test_the_printed_table_shows_the_same_numbers(finished):
    shown = volcast("forecast", finished).out
    assert "\x1b" not in shown
    header = next(line for line in shown.splitlines() if "ticker" in line)
    for name in ("ticker", "from", "to", "days", "volatility", "interval", "today", "HAR"):
        assert name in header
    for row in forecast_rows(finished):
        line = next(
            line
            for line in shown.splitlines()
            if row["ticker"] in line and re.search(rf"\s{row['horizon']}\s", line)
        )
        interval = rf"{row['lower']:.1f} - {row['upper']:.1f}"
        for text in (f"{row['volatility']:.1f}", interval, f"{row['today']:.1f}"):
            assert text in line
        assert line.rstrip(" │").endswith(f"{row['har']:.1f}")


def test_a_ticker_in_brackets_is_no_markup(finished):
    rows = [forecast_rows(finished)[0] | {"ticker": "[red]X"}]
    out = Console(width=140, file=io.StringIO())
    out.print(forecast_table(rows))
    assert "[red]X" in out.file.getvalue()


def test_a_failure_is_one_line_and_debug_gives_the_traceback(small, tmp_path):
    given = ("run", "--config", small, "--out", tmp_path / "run", "--ticker", "NOPE")
    assert "NOPE" in volcast(*given).complaint
    with pytest.raises(DataError, match="NOPE"):
        volcast(*given, "--debug")


def test_a_message_of_several_lines_becomes_one(small, tmp_path, monkeypatch):
    def fail(*_):
        raise DataError("first line\n  second line\n")

    monkeypatch.setattr("volcast.pipeline.backtest.run.source_state", fail)
    said = volcast("run", "--config", small, "--out", tmp_path / "run").complaint
    assert said == "first line second line"


def test_an_interrupt_is_one_line_that_says_how_to_go_on(small, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("volcast.pipeline.backtest.run.source_state", interrupt)
    said = volcast("run", "--config", small, "--out", tmp_path / "run").complaint
    assert said == "interrupted; run the same command again to go on"


def test_every_stage_is_a_command_of_its_own():
    assert {"download", "features", "train", "evaluate", "report"} <= set(COMMANDS)
    for name in COMMANDS[1:6]:
        assert callable(getattr(stages, name))
        assert "RUN_DIR" in volcast(name, "--help").out
