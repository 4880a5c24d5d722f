"""Updates of several tickers: failures, refusals, interruptions, processes and the rate."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.download.samples import Notes, quarter, recent_bars
from tests.pipeline.data.yahoo_standin import Listing
from volcast.pipeline.data.download.circuit_breaker import RetryPolicy
from volcast.pipeline.data.download.rate_limit import BURST
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.data.store.ticker_state import TickerState
from volcast.pipeline.progress import Progress


@pytest.mark.parametrize("fault", [404, 500, "empty", "garbage", "cut"])
def test_a_passing_fault_of_a_ticker_is_over_at_the_end_of_the_update(
    standin, store, update, fault
):
    names = ["AAA", "BBB", "CCC"]
    standin.listings |= {name: quarter(name) for name in names}
    standin.faults["BBB"] = [None, *[fault] * 3]  # the first answer names the timezone
    outcomes = update(*names, day="2024-02-01")
    assert [outcomes[name].status for name in names] == ["updated"] * 3
    assert len(store.bars(names)) == 3 * 22


def test_an_answer_that_does_not_come_is_given_up_and_asked_for_again(standin, store, update):
    standin.listings |= {"AAA": quarter(), "BBB": quarter("BBB")}
    standin.faults["AAA"], standin.stall = ["stall"], 1.5
    assert update("AAA", "BBB", day="2024-02-01", timeout=0.5)["AAA"].status == "updated"
    assert len(store.bars(["AAA", "BBB"])) == 44


def test_refused_at_first_the_update_pauses_and_goes_on(standin, store, update):
    names = [f"T{number}" for number in range(6)]
    standin.listings |= {name: quarter(name) for name in names}
    standin.faults["*"] = [429] * 5
    notes = Notes()
    outcomes = update(*names, day="2024-02-01", progress=notes)
    assert {one.status for one in outcomes.values()} == {"updated"}
    assert notes.said[0].endswith("(HTTP 429): pausing for 1 s, then continuing")


def test_refused_for_good_what_came_before_is_kept_and_each_ticker_has_its_reason(
    standin, store, update
):
    names = [f"T{number}" for number in range(12)]
    standin.listings |= {name: quarter(name) for name in names}
    standin.faults |= dict.fromkeys(names[2:], 429)
    outcomes = update(*names, day="2024-02-01")
    came = [name for name in names if outcomes[name].succeeded]
    assert came == names[:2] == store.tickers()
    assert all("limits the number of requests" in outcomes[name].note for name in names[2:])
    assert "delisted" not in " ".join(one.note for one in outcomes.values())


def test_one_ticker_refused_for_good_does_not_hold_up_the_others(standin, update):
    names = [f"T{number}" for number in range(5)]
    standin.listings |= {name: quarter(name) for name in names}
    standin.faults["T1"] = 429
    long = RetryPolicy(pause=0.05, max_pause=0.05, max_total_pause=1e6)
    outcomes = update(*names, day="2024-02-01", retry_policy=long)
    assert [outcomes[name].succeeded for name in names] == [True, False, True, True, True]


def test_without_a_network_the_stored_bars_stay_and_the_reason_is_given(
    standin, store, update, monkeypatch
):
    standin.listings["AAA"] = quarter()
    update(day="2024-02-01")
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: nobody listens
    outcome = update(day="2024-02-02")["AAA"]
    assert outcome.status == "failed"
    assert outcome.note.startswith("Yahoo cannot be reached")
    assert outcome.last_session == "2024-02-01"
    assert store.state("AAA").failure == outcome.note


def test_a_damaged_file_stops_its_ticker_only(standin, store, update):
    standin.listings |= {"AAA": quarter(), "BBB": quarter("BBB")}
    update("AAA", "BBB", day="2024-02-01")
    (store.folder / "AAA.parquet").write_bytes(b"nothing")
    outcomes = update("AAA", "BBB", day="2024-02-02")
    assert outcomes["BBB"].status == "updated"
    assert "the stored file is damaged" in outcomes["AAA"].note


def test_a_ticker_whose_calendar_cannot_be_had_does_not_stop_the_others(standin, update, store):
    standin.listings |= {"AAA": quarter(), "BBB": quarter("BBB")}
    store.write_state("AAA", TickerState(calendar="NOWHERE"))
    outcomes = update("AAA", "BBB", day="2024-02-02")
    assert outcomes["BBB"].status == "updated"
    assert "calendar 'NOWHERE' is unknown" in outcomes["AAA"].note


class Interrupting(Progress):
    def count(self, done, total, latest, seconds_left):
        if done == 2:
            raise KeyboardInterrupt


def test_an_interruption_keeps_what_came_and_the_next_update_asks_for_the_rest(
    standin, store, update
):
    names = [f"T{number}" for number in range(4)]
    standin.listings |= {name: quarter(name) for name in names}
    with pytest.raises(KeyboardInterrupt):
        update(*names, day="2024-02-01", progress=Interrupting())
    assert store.tickers() == names[:2]
    standin.requests.clear()
    outcomes = update(*names, day="2024-02-01")
    assert [one.status for one in outcomes.values()] == ["not due"] * 2 + ["updated"] * 2
    assert not standin.charts("T0") and not standin.charts("T1")


def test_no_more_requests_are_sent_than_the_rate_allows(standin, update):
    names = [f"RATE{number}" for number in range(10)]
    standin.listings |= {name: quarter(name) for name in names}
    standin.faults["RATE3"] = [500, 429]  # what the client sends on its own account counts, too
    rate, slack = 8.0, 0.1  # a request may be under way for that many seconds
    update(*names, "NOPE", day="2024-02-01", rate=rate)
    moments = np.array(standin.moments)
    assert len(moments) > 20
    for first in range(len(moments)):
        since = moments[first:] - moments[first]
        assert (np.arange(1, len(since) + 1) <= BURST + rate * (since + slack)).all()


def start_update(folder: Path, names: list[str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "volcast", "data", "update", *names]
    options = ["--data-dir", str(folder), "--rate", "1000", "--quiet"]
    return subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_processes_that_update_at_once_ask_for_each_ticker_once(standin, tmp_path):
    names = [f"T{number:02}" for number in range(12)]
    recent = recent_bars()
    standin.listings |= {name: Listing(recent) for name in names}
    processes = [start_update(tmp_path, names) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert [len(standin.charts(name)) for name in names] == [1] * 12
    stored = Store(tmp_path / "yahoo").bars(names)
    assert len(stored) == 12 * len(recent)
    assert not stored.duplicated(["ticker", "session"]).any()


@pytest.mark.slow
def test_killed_at_twenty_random_moments_every_bar_is_there_once_in_the_end(standin, tmp_path):
    names = [f"T{number:03}" for number in range(150)]
    recent = recent_bars()
    standin.listings |= {name: Listing(recent) for name in names}
    rng = np.random.default_rng(20)
    kills = 0
    while kills < 20:
        standin.requests.clear()
        process = start_update(tmp_path, names)
        while not standin.requests:  # imports are not what is to be killed
            assert process.poll() is None
        time.sleep(rng.uniform(0, 0.5))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it was done before"
        kills += 1
    assert kills == 20
    process = start_update(tmp_path, names)
    process.communicate(timeout=300)
    assert process.returncode == 0
    stored = Store(tmp_path / "yahoo").bars(names)
    assert stored.groupby("ticker").size().tolist() == [len(recent)] * len(names)
    for _, own in stored.groupby("ticker"):
        served = recent.assign(variance=np.nan)[own.columns.drop(["ticker", "session"])]
        pd.testing.assert_frame_equal(
            own.set_index("session").drop(columns="ticker"), served, check_freq=False
        )
