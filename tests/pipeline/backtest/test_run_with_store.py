"""A run on Yahoo's prices goes through the store: what it records, skips, and does offline."""

import datetime as dt

import pandas as pd
import pytest

from tests.pipeline.data.conftest import QUICK, make_bars
from tests.pipeline.data.download.samples import Notes, evening, quarter
from volcast.pipeline.backtest.run import run
from volcast.pipeline.backtest.run_folder import BARS, QUALITY
from volcast.pipeline.config.load import load_config
from volcast.pipeline.data.download.downloader import Downloader
from volcast.pipeline.data.download.update_request import UpdateRequest
from volcast.pipeline.data.sources.yahoo import YahooClient
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.errors import DataError
from volcast.pipeline.files import read_frame


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def download(standin, tmp_path, folder):
    """Run the stage as on the evening of a day; return what was said and the stage's record."""
    standin.listings |= {"AAA": quarter(), "BBB": quarter("BBB")}

    def work(day, **data):
        settings = {"source": "yahoo", "tickers": ["AAA", "BBB"], "dir": str(tmp_path / "data")}
        config = load_config(None, {"data": settings | {"rate": 100.0} | data})
        notes = Said()
        manifest = run(folder, config, now=evening(day), progress=notes, only="download")
        return notes.said, manifest["stages"]["download"]

    return work


class Said(Notes):
    def stage(self, name):
        self.said.append(name)


def bars_of(folder) -> pd.DataFrame:
    return read_frame(folder / BARS)


def no_network(monkeypatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: nobody listens


def test_the_manifest_has_the_content_hash_and_the_vintage_of_each_ticker(download, folder):
    _, record = download("2024-01-31")
    summary = record["summary"]
    assert summary["vintages"] == dict.fromkeys(["AAA", "BBB"], "2024-01-31T23:00:00+00:00")
    assert summary["content"].keys() == {"AAA", "BBB"}
    pd.testing.assert_frame_equal(
        bars_of(folder).query("ticker == 'AAA'"), make_bars(), check_dtype=False
    )


def test_a_second_run_of_the_same_day_is_skipped_and_asks_for_nothing(download, standin):
    download("2024-01-31")
    standin.requests.clear()
    said, _ = download("2024-01-31")
    assert said == ["download: unchanged, skipped"]
    assert standin.requests == []


def test_where_prices_are_stored_and_how_fast_they_come_makes_no_difference(
    download, standin, tmp_path
):
    download("2024-01-31")
    said, _ = download("2024-01-31", rate=50.0)
    assert said == ["download: unchanged, skipped"]


def test_the_next_day_the_new_session_is_added(download, folder, standin):
    download("2024-01-31")
    standin.requests.clear()
    download("2024-02-01")
    assert bars_of(folder)["session"].max() == pd.Timestamp("2024-02-01")
    assert [len(standin.charts(name)) for name in ("AAA", "BBB")] == [1, 1]


def test_what_an_update_found_revised_is_taken_up_by_the_next_run(
    download, folder, standin, tmp_path
):
    download("2024-01-31")
    standin.listings["AAA"].bars.loc["2024-01-30", "close"] += 0.25
    wish, store = (
        UpdateRequest(evening("2024-01-31"), recheck=True),
        Store(tmp_path / "data" / "yahoo"),
    )
    list(Downloader(YahooClient(), store, wish, 1000.0, QUICK).run(["AAA"]))
    said, _ = download("2024-01-31")
    assert said[0] == "download"
    quality = read_frame(folder / QUALITY)
    assert quality.query("rule == 'revised_bar'")[["ticker", "rows"]].to_numpy().tolist() == [
        ["AAA", 1]
    ]


@pytest.mark.slow
def test_offline_the_stored_bars_are_used_and_their_age_is_stated(
    download, folder, monkeypatch, standin
):
    download("2024-01-31")
    with monkeypatch.context() as patch:
        no_network(patch)
        said, record = download("2024-02-05", tickers=["AAA"])
    told = [line for line in said if "is not up to date: Yahoo cannot be reached" in line]
    assert len(told) == 1
    assert told[0].endswith("the stored bars up to 2024-01-31 are used, 5 days old")
    assert record["summary"]["notes"] == told
    assert bars_of(folder)["session"].max() == pd.Timestamp("2024-01-31")
    said, _ = download(
        "2024-02-05", tickers=["AAA"]
    )  # and as soon as there is a network again, it is asked
    assert said[0] == "download"
    assert bars_of(folder)["session"].max() == pd.Timestamp("2024-02-05")


def test_a_past_run_is_rebuilt_from_exactly_what_was_known(download, folder, standin):
    _, record = download("2024-01-31")
    moment = dt.datetime.fromisoformat(record["summary"]["vintages"]["AAA"])
    then = (folder / BARS).read_bytes()
    for listing in standin.listings.values():
        listing.bars[["open", "high", "low", "close", "adj_close"]] /= 2
    download("2024-02-05")
    assert (folder / BARS).read_bytes() != then
    standin.requests.clear()
    download("2024-02-05", as_of=moment)
    assert (folder / BARS).read_bytes() == then
    assert standin.requests == []


def test_a_session_of_which_most_tickers_lack_the_bar_is_the_sources_fault(
    download, folder, standin
):
    for name in ("AAA", "BBB", "CCC", "DDD"):
        standin.listings[name] = quarter(name)
        if name != "DDD":
            bars = standin.listings[name].bars
            standin.listings[name].bars = bars.drop(pd.Timestamp("2024-01-10"))
    download("2024-01-31", tickers=["AAA", "BBB", "CCC", "DDD"])
    quality = read_frame(folder / QUALITY)
    faulty = quality[quality["rule"] == "missing_for_most"]
    assert faulty["ticker"].tolist() == ["AAA", "BBB", "CCC"]
    assert set(faulty["first_session"]) == {"2024-01-10"}


@pytest.mark.slow
def test_a_run_without_any_stored_bar_and_without_a_network_says_why(download, monkeypatch):
    no_network(monkeypatch)
    with pytest.raises(DataError, match="no ticker has bars; AAA: Yahoo cannot be reached"):
        download("2024-01-31", tickers=["AAA"])
