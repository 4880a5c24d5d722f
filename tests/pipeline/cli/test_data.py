"""The commands `volcast data`: what they print, write and refuse."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from tests.pipeline.data.download.samples import recent_bars
from tests.pipeline.data.yahoo_standin import Listing
from tests.pipeline.interrupts import start_interruptible
from tests.pipeline.samples import volcast
from volcast.pipeline.data.store.store import Store

HEAVY = {"numpy", "pandas", "pyarrow", "yfinance", "exchange_calendars", "stamina", "filelock"}


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("VOLCAST_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def stored(standin, data):
    """Two tickers, downloaded by the command."""
    standin.listings |= {name: Listing(recent_bars()) for name in ("AAA", "BBB")}
    answer = volcast("data", "update", "aaa", "BBB", "--rate", 1000)
    assert answer.code == 0, answer.err
    return answer


def records(*arguments):
    answer = volcast("data", *arguments, "--json")
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def write(path, bars=None):
    (make_bars() if bars is None else bars).to_csv(path, index=False)
    return path


def test_update_prints_what_was_updated(stored, data):
    assert "2 tickers: 2 updated" in stored.out
    assert str(data / "yahoo") in stored.err
    assert Store(data / "yahoo").tickers() == ["AAA", "BBB"]


def test_update_without_tickers_takes_all_that_are_stored(stored):
    assert [row["status"] for row in records("update")] == ["not due", "not due"]
    assert [row["status"] for row in records("update", "--recheck", "--rate", 1000)] == [
        "unchanged",
        "unchanged",
    ]


def test_update_reads_a_watch_list(standin, data, tmp_path):
    standin.listings |= {name: Listing(recent_bars()) for name in ("AAA", "BBB", "CCC")}
    watchlist = tmp_path / "watchlist.txt"
    watchlist.write_text("# mine\nAAA, bbb  # two\n\nCCC;AAA\n")
    rows = records("update", "--file", watchlist, "--rate", 1000)
    assert [row["ticker"] for row in rows] == ["AAA", "BBB", "CCC"]


def test_update_exits_with_1_when_a_ticker_fails_and_keeps_the_others(stored, standin):
    standin.faults["NOPE"] = 404
    answer = volcast("data", "update", "AAA", "NOPE", "--rate", 1000)
    assert answer.code == 1
    assert (
        "volcast: 1 of 2 tickers were not updated; NOPE: Yahoo currently has no prices"
        in answer.err
    )
    assert "NOPE" in answer.out and "not due" in answer.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["update"], "holds no prices yet; download some with `volcast data update TICKERS`"),
        (["status"], "holds no prices yet"),
        (["export"], "holds no prices yet"),
        (["update", "AAA", "--start", "soon"], "--start must be a date such as 2020-01-31"),
        (["update", "--file", "nowhere.txt"], "cannot read the watch-list nowhere.txt"),
        (["update", "AAA", "--rate", "0"], "the rate must be above 0 requests a second; it is 0"),
        (["update", "AAA", "--calendar", "MOON"], "calendar 'MOON' is unknown"),
        (["status", "--source", "reuters"], "--source must be one of yahoo; got 'reuters'"),
        (["import", "nowhere.csv"], "nowhere.csv: there is no such file or folder"),
    ],
)
def test_an_impossible_request_is_refused_in_one_line(standin, data, arguments, message):
    answer = volcast("data", *arguments)
    assert answer.code == 1
    assert message in answer.err and "Traceback" not in answer.err


def test_an_unknown_ticker_is_named_with_the_nearest(stored):
    answer = volcast("data", "vintages", "AAAA")
    assert answer.code == 1
    assert "there is no such ticker; the nearest are AAA" in answer.err


def test_status_shows_dates_gaps_and_age(stored, data):
    last = recent_bars().index[-1]
    rows = {row["ticker"]: row for row in records("status")}
    assert (rows["AAA"]["sessions"], rows["AAA"]["behind"]) == (len(recent_bars()), 0)
    assert rows["BBB"]["last"] == str(last.date())
    assert "AAA" in volcast("data", "status", "AAA").out


def test_check_shows_the_rules_missing_sessions_and_revisions(stored, standin, data):
    bars = standin.listings["AAA"].bars
    bars.loc[bars.index[-3], "high"] = 1.0
    bars.loc[bars.index[-4], "close"] += 0.25
    records("update", "AAA", "--recheck", "--rate", 1000)
    rows = {row["rule"]: row for row in records("check", "AAA")}
    assert rows.keys() == {"bars", "missing_session", "range_excludes_body", "revised_bar"}
    assert rows["revised_bar"]["rows"] == 2
    assert rows["revised_bar"]["first_session"] == str(bars.index[-4].date())
    assert "revised_bar" in volcast("data", "check").out


def test_vintages_show_each_fetch_that_changed_something(stored, standin):
    standin.listings["AAA"].bars[["open", "high", "low", "close", "adj_close"]] /= 2
    records("update", "AAA", "--recheck", "--rate", 1000)
    first, second = records("vintages", "AAA")
    count = len(recent_bars())
    assert (first["vintage"], first["basis"], first["new"]) == (0, 0, count)
    assert (second["vintage"], second["basis"], second["anew"]) == (1, 1, count)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_exported_can_be_imported_and_is_the_same(stored, data, tmp_path, kind):
    out = tmp_path / f"mine.{kind}"
    assert volcast("data", "export", "--format", kind, "--out", out).code == 0
    answer = volcast("data", "import", out, "--data-dir", tmp_path / "other")
    assert answer.code == 0, answer.err
    here, there = (
        Store(folder / "yahoo").bars(["AAA", "BBB"]) for folder in (data, tmp_path / "other")
    )
    pd.testing.assert_frame_equal(here, there)


def test_as_of_exports_what_was_known_then(stored, standin, data, tmp_path):
    before = Store(data / "yahoo").bars(["AAA"])
    then = pd.Timestamp.now("UTC").isoformat()
    standin.listings["AAA"].bars["close"] /= 2
    records("update", "AAA", "--recheck", "--rate", 1000)
    out = tmp_path / "then.parquet"
    volcast("data", "export", "AAA", "--format", "parquet", "--out", out, "--as-of", then)
    pd.testing.assert_frame_equal(pd.read_parquet(out), before)


def test_import_adds_what_is_new_and_records_what_changed(data, tmp_path):
    write(tmp_path / "AAA.csv", make_bars(last="2024-01-24"))
    assert records("import", tmp_path / "AAA.csv")[0]["new"] == 16
    bars = make_bars()
    bars.loc[10, "close"] += 0.25
    (row,) = records("import", write(tmp_path / "AAA.csv", bars))
    assert (row["new"], row["revised"]) == (5, 1)
    assert Store(data / "yahoo").bars(["AAA"])["close"].tolist() == bars["close"].tolist()


def test_import_leaves_out_sessions_that_have_not_settled(data, tmp_path):
    future = make_bars(first="2024-01-02", last="2040-01-31").iloc[[0, 1, -1]]
    assert records("import", write(tmp_path / "AAA.csv", future))[0]["new"] == 2


def test_import_of_another_scale_is_refused_and_nothing_is_changed(data, tmp_path):
    records("import", write(tmp_path / "AAA.csv"))
    before = (data / "yahoo" / "AAA.parquet").read_bytes()
    scaled = make_bars()
    scaled[["open", "high", "low", "close", "adj_close"]] *= 4
    files = [write(tmp_path / "AAA.csv", scaled), write(tmp_path / "BBB.csv", make_bars("BBB"))]
    answer = volcast("data", "import", *files)
    assert answer.code == 1
    assert "nothing was imported; AAA: its prices differ from the stored ones" in answer.err
    assert (data / "yahoo" / "AAA.parquet").read_bytes() == before
    assert Store(data / "yahoo").tickers() == ["AAA"]


def test_one_unreadable_file_of_several_and_nothing_is_imported(data, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("date,open,high,low,close\n2024-01-02,1,2,0.5,many\n")
    answer = volcast("data", "import", write(tmp_path / "AAA.csv"), bad)
    assert answer.code == 1
    assert "bad.csv: column close, row 1 below the header: 'many' is not a number" in answer.err
    assert Store(data / "yahoo").tickers() == []


def test_import_of_bars_that_the_rules_reject_is_refused(data, tmp_path):
    answer = volcast("data", "import", write(tmp_path / "AAA.csv", make_bars().assign(high=np.nan)))
    assert answer.code == 1
    assert "no ticker has a usable bar" in answer.err
    assert not data.exists()


def test_help_of_the_data_commands_imports_nothing_heavy():
    script = (
        "import sys; from volcast.pipeline.cli.main import main\n"
        "sys.argv = ['volcast', *sys.argv[1:]]\n"
        "try: main()\n"
        "finally: print('loaded:', *(n for n in sys.modules if '.' not in n), file=sys.stderr)"
    )
    command = [sys.executable, "-c", script, "data", "update", "--help"]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0
    assert not set(answer.stderr.partition("loaded:")[2].split()) & HEAVY


def test_an_interrupted_update_prints_its_results_and_the_next_one_continues(standin, data):
    names = [f"T{number:02}" for number in range(30)]
    standin.listings |= {name: Listing(recent_bars()) for name in names}
    command = [sys.executable, "-m", "volcast", "data", "update", *names, "--rate", "5"]
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    process = start_interruptible(command, text=True, **pipes)
    deadline = time.monotonic() + 60
    while len(Store(data / "yahoo").tickers()) < 3:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, message = process.communicate(timeout=60)
    assert process.returncode == 1
    assert message.endswith("volcast: interrupted; run the same command again to continue\n")
    assert "Traceback" not in message
    stored = Store(data / "yahoo").tickers()
    assert 3 <= len(stored) < 30
    assert f"{len(stored)} updated" in out or f"{len(stored) - 1} updated" in out
    rows = records("update", *names, "--rate", 1000)
    # The ticker in hand may have been stored and not yet recorded: it is asked for once more.
    assert sum(row["status"] == "not due" for row in rows) >= len(stored) - 1
    assert len(Store(data / "yahoo").bars(names)) == 30 * len(recent_bars())
