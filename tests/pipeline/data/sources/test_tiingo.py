"""Tiingo: the bars that were served, a stated reason for every failure, and no trace of the key."""

import datetime as dt
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import asking, make_bars
from tests.pipeline.data.tiingo_standin import KEY
from tests.pipeline.samples import volcast
from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS
from volcast.pipeline.data.sources.tiingo import ATTEMPTS, TiingoSource
from volcast.pipeline.errors import ConfigError, DataError

DAY = dt.date
ROOT = Path(__file__).parents[4]


@pytest.fixture
def tiingo(empty_tiingo):
    """The stand-in, listing AAA, BBB and CCC."""
    for level, ticker in enumerate(("AAA", "BBB", "CCC"), start=1):
        empty_tiingo.serve(ticker, make_bars(ticker, level=100.0 * level))
    return empty_tiingo


def load(*tickers, timeout=5.0, **options):
    return TiingoSource(timeout=timeout).load(asking(*tickers, **options))


def failing(*tickers, error=DataError, **options) -> str:
    with pytest.raises(error) as caught:
        load(*tickers, **options)
    message = str(caught.value)
    assert "\n" not in message and KEY not in message
    return message


def test_the_bars_that_were_served_come_back(tiingo):
    download = load("BBB", "AAA")
    expected = pd.concat([make_bars("AAA"), make_bars("BBB", level=200.0)], ignore_index=True)
    pd.testing.assert_frame_equal(download.bars, expected)
    assert tuple(download.bars.columns) == BAR_COLUMNS and download.failures == {}


def test_the_range_is_asked_for_and_both_ends_are_included(tiingo):
    bars = load("AAA", start=DAY(2024, 1, 5), end=DAY(2024, 1, 20)).bars
    assert (bars["session"].min(), bars["session"].max()) == (
        pd.Timestamp("2024-01-05"),
        pd.Timestamp("2024-01-19"),
    )
    assert tiingo.requests[0][1] == {"startDate": "2024-01-05", "endDate": "2024-01-20"}


def test_the_key_travels_in_a_header_and_not_in_the_address(tiingo):
    load("AAA")
    ticker, query, header = tiingo.requests[0]
    assert (ticker, header) == ("AAA", f"Token {KEY}")
    assert query == {"startDate": "1900-01-01"}


def test_prices_and_volume_before_a_split_are_in_shares_of_today(tiingo):
    raw = make_bars("AAA").iloc[:4].assign(
        open=400.0, high=400.0, low=400.0, close=400.0, adj_close=99.0, split=1.0
    )  # fmt: skip
    body = ["open", "high", "low", "close"]
    raw.loc[2:, body] = 100.0
    raw.loc[2, "split"] = 4.0
    tiingo.serve("AAA", raw)
    bars = load("AAA").bars
    assert (bars[body] == 100.0).all(axis=None) and (bars["adj_close"] == 99.0).all()
    assert bars["volume"].tolist() == [4000.0, 4004.0, 1002.0, 1003.0]


def test_a_reverse_split_and_two_splits_multiply(tiingo):
    raw = make_bars("AAA").iloc[:3].assign(close=[6.0, 12.0, 4.0], split=[1.0, 0.5, 3.0])
    tiingo.serve("AAA", raw)
    assert load("AAA").bars["close"].tolist() == [4.0, 4.0, 4.0]


@pytest.mark.parametrize(
    ("now", "last"), [("2024-01-31 16:59", "2024-01-30"), ("2024-01-31 17:00", "2024-01-31")]
)
def test_a_bar_is_returned_only_when_its_session_has_settled(tiingo, now, last):
    moment = pd.Timestamp(now, tz="America/New_York").to_pydatetime()
    assert load("AAA", now=moment).bars["session"].max() == pd.Timestamp(last)


def test_nothing_settled_is_a_stated_failure(tiingo):
    moment = dt.datetime(2024, 1, 2, 12, tzinfo=dt.UTC)
    assert "AAA: no session in this range is closed and settled" in failing("AAA", now=moment)


@pytest.mark.parametrize("fault", [429, 500, 503, "slow", "cut", b"{", b"\xff\xfe<html>"])
def test_a_fault_that_passes_is_overcome(tiingo, fault):
    tiingo.faults["AAA"] = [fault] * (ATTEMPTS - 1)
    assert len(load("AAA", timeout=0.3).bars) == 21
    assert tiingo.asked() == ["AAA"] * ATTEMPTS


LASTING = [
    (404, 1, "Tiingo has no prices under this name; check the spelling"),
    (400, 1, "does not accept this name or these dates"),
    (418, 1, "Tiingo answered HTTP 418"),
    (429, ATTEMPTS, "Tiingo limits the number of requests (HTTP 429)"),
    (500, ATTEMPTS, "Tiingo answered HTTP 500; try again later"),
    ("slow", ATTEMPTS, "Tiingo cannot be reached (ReadTimeout); check the network"),
    ("cut", ATTEMPTS, "Tiingo cannot be reached (ConnectionError); check the network"),
    (b'[{"date":', ATTEMPTS, "Tiingo's answer is not JSON"),
    (b"", ATTEMPTS, "Tiingo's answer is not JSON"),
    (b"[]", 1, "Tiingo has no bars in this range"),
    (b"null", 1, "Tiingo answered: None"),
    (b"[null, 3]", 1, "Tiingo's rows lack date, open"),
    (b'{"detail":"Over the\\nlimit"}', 1, "Tiingo answered: Over the limit"),
    (f'{{"detail":"bad token {KEY}"}}'.encode(), 1, "Tiingo answered: bad token ***"),
]


@pytest.mark.parametrize(("fault", "asked", "says"), LASTING)
def test_a_fault_that_lasts_is_a_stated_reason_and_the_others_are_kept(tiingo, fault, asked, says):
    tiingo.faults["BBB"] = [fault] * 20
    download = load("AAA", "BBB", "CCC", timeout=0.3)
    assert set(download.bars["ticker"]) == {"AAA", "CCC"}
    assert list(download.failures) == ["BBB"] and says in download.failures["BBB"]
    assert tiingo.asked() == ["AAA", *["BBB"] * asked, "CCC"]


def row(**changes):
    good = (
        '{"date":"2024-01-02T00:00:00.000Z","open":1,"high":1,"low":1,"close":1,"volume":1,'
        '"adjClose":1,"splitFactor":1}'
    )
    for name, value in changes.items():
        start = good.index(f'"{name}":') + len(name) + 3
        good = (
            good[:start] + value + good[good.index("}" if name == "splitFactor" else ",", start) :]
        )
    return f"[{good}]".encode()


@pytest.mark.parametrize(
    "body",
    [
        row(date='"soon"'),
        row(date="null"),
        row(date="20240102"),
        row(open='"n/k"'),
        row(close="[1]"),
        row(volume="9" * 400),
        row(adjClose='{"a":1}'),
        row(date='"9999-99-99"'),
    ],
)
def test_rows_that_cannot_be_read_are_a_stated_failure(tiingo, body):
    tiingo.faults["AAA"] = [body]
    assert "AAA: Tiingo's rows cannot be read (" in failing("AAA")


def test_missing_numbers_reach_the_quality_rules(tiingo):
    tiingo.faults["AAA"] = [row(open="null", splitFactor="null")]
    bars = load("AAA").bars
    assert np.isnan(bars["open"][0]) and bars["close"].tolist() == [1.0]


def test_after_three_refusals_in_a_row_no_more_are_asked(tiingo):
    tiingo.faults["*"] = [429] * 100
    message = failing("AAA", "BBB", "CCC", "DDD", "EEE")
    assert "DDD: not asked, after AAA, BBB, CCC failed in a row" in message
    assert set(tiingo.asked()) == {"AAA", "BBB", "CCC"}


def test_names_are_written_safely_into_the_address(tiingo):
    tiingo.serve("BRK/B?token=x", make_bars())
    assert load("BRK/B?token=x").bars["ticker"].unique().tolist() == ["BRK/B?token=x"]


def test_a_key_that_is_missing_names_the_variable(tiingo, monkeypatch):
    monkeypatch.delenv("TIINGO_API_KEY")
    message = failing("AAA", error=ConfigError)
    assert "needs an API key; get one at tiingo.com and set TIINGO_API_KEY" in message
    assert tiingo.requests == []


@pytest.mark.parametrize("key", [f"{KEY}\r\nX: y", f"{KEY} {KEY}", f"{KEY}é"])
def test_a_malformed_key_is_not_repeated(tiingo, monkeypatch, key):
    monkeypatch.setenv("TIINGO_API_KEY", key)
    message = failing("AAA", error=ConfigError)
    assert (
        "TIINGO_API_KEY must consist of printable ASCII characters" in message
        and tiingo.requests == []
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_stops_everything_at_once(tiingo, status):
    tiingo.faults["*"] = [status] * 9
    assert "does not accept the key in TIINGO_API_KEY" in failing("AAA", "BBB", error=ConfigError)
    assert tiingo.asked() == ["AAA"]


def test_without_tickers_the_option_is_named(tiingo):
    assert "--ticker" in failing(error=ConfigError)


def test_nobody_listening_is_a_stated_failure(tiingo, monkeypatch):
    monkeypatch.setenv("TIINGO_BASE_URL", "http://127.0.0.1:9")
    assert "AAA: Tiingo cannot be reached (ConnectionError)" in failing("AAA")


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "tiingo.toml"
    file.write_text('[data]\nsource = "tiingo"\ntickers = ["AAA", "BBB"]\n')
    return file


def test_the_key_is_in_no_file_message_or_log(tiingo, config, tmp_path, caplog):
    tiingo.faults["AAA"] = [500, "cut", 429]
    tiingo.faults["BBB"] = [f'{{"detail":"{KEY}"}}'.encode()]
    caplog.set_level(logging.DEBUG)
    out = tmp_path / "run"
    answer = volcast("download", out, "--config", config, "--debug")
    assert answer.code == 0, answer.err
    assert "BBB is left out: Tiingo answered: ***" in answer.err
    assert "21 bars of 1 tickers, 2024-01-02 to 2024-01-31" in answer.err
    written = b"".join(file.read_bytes() for file in out.rglob("*") if file.is_file())
    assert b"tiingo" in written and KEY.encode() not in written
    assert len(caplog.records) > 3  # the retries among them
    assert KEY not in answer.err + answer.out + caplog.text


@pytest.mark.slow
def test_a_retry_prints_nothing(tiingo, config, tmp_path):
    """In a process of its own, where no test listens to the loggers."""
    tiingo.faults["AAA"] = [500]
    command = [sys.executable, "-m", "volcast", "download", tmp_path / "run", "--config", config]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert answer.stderr.splitlines() == [
        "download",
        "  42 bars of 2 tickers, 2024-01-02 to 2024-01-31",
        "  0 rows rejected, 0 volumes masked, 0 bars held, 0 days on closed sessions",
    ]
    assert tiingo.asked() == ["AAA", "AAA", "BBB"]
