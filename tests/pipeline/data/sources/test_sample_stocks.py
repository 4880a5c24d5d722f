"""The embedded stocks: what is shipped, and how it is made from the raw files."""

from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from tests.pipeline.data.conftest import asking
from tests.pipeline.data.sources.generate_stocks import (
    list_symbols,
    select_bars,
    select_dates,
    write_stocks,
)
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.sources.sample_stocks import SampleStocksSource

FOLDER = Path(str(resources.files("volcast.pipeline.data.sources") / "stocks"))
LARGEST = 1_500_000  # bytes that the files may add to the package


@pytest.fixture(scope="module")
def bars():
    return SampleStocksSource().load(asking()).bars


def raw_bars() -> pd.DataFrame:
    days = pd.to_datetime(["2013-02-11", "2013-02-08"])
    symbols = [*list_symbols(), "ZZZ"]
    rows = [(symbol, day, 1.1, 2.0, float("nan"), 1.5, 7) for day in days for symbol in symbols]
    columns = ["symbol", "date", "open", "high", "low", "close", "volume"]
    return pd.DataFrame(rows, columns=columns)


def raw_filings() -> pd.DataFrame:
    days = pd.to_datetime(["2013-05-01", "2013-02-08", "2012-11-01", "2013-08-24"])
    rows = [(symbol, day) for day in days for symbol in [*list_symbols(), "ZZZ"]]
    return pd.DataFrame(rows, columns=["symbol", "date"])


def test_every_stock_has_a_bar_in_every_session(bars):
    counts = bars.groupby("ticker").size().to_dict()
    assert counts == dict.fromkeys(list_symbols(), 1259)
    sessions = sessions_between("XNYS", pd.Timestamp("2013-02-08"), pd.Timestamp("2018-02-07"))
    assert set(bars["session"]) == set(sessions)


def test_values_are_those_of_the_raw_file(bars):
    chosen = bars.set_index(["ticker", "session"])
    last = chosen.loc[("AAPL", pd.Timestamp("2018-02-07"))]
    names = ["open", "high", "low", "close", "adj_close", "volume"]
    assert last[names].tolist() == [163.085, 163.4, 159.0685, 159.54, 159.54, 51_608_580]
    defect = chosen.loc[("SPG", pd.Timestamp("2014-05-28"))]
    assert (defect["low"], defect["close"]) == (174.5, 165.42)


def test_the_vix_is_there_if_it_is_named():
    loaded = SampleStocksSource().load(asking("^VIX", "V")).bars
    assert set(loaded["ticker"]) == {"^VIX", "V"}


def test_every_stock_has_twenty_reports_in_five_years():
    dates = pd.read_csv(FOLDER / "report_dates.csv", parse_dates=["date"])
    inside = dates[dates["date"] <= "2018-02-07"].groupby("ticker")
    assert inside.size().to_dict() == dict.fromkeys(list_symbols(), 20)
    assert inside["date"].min().between("2013-02-08", "2013-05-31").all()


def test_the_files_are_small_and_have_their_licence_beside_them():
    files = list(FOLDER.iterdir())
    assert {file.name for file in files} == {
        *("bars.parquet", "report_dates.csv", "LICENSE", "README.md")
    }
    assert sum(file.stat().st_size for file in files) < LARGEST
    assert "Copyright (c) 2017 Cam Nugent" in (FOLDER / "LICENSE").read_text()


def test_the_generator_takes_its_symbols_and_changes_no_value(tmp_path):
    raw_bars().to_parquet(tmp_path / "raw.parquet")
    raw_filings().to_csv(tmp_path / "raw.csv", index=False)
    write_stocks(tmp_path / "raw.parquet", tmp_path / "raw.csv", tmp_path)
    written = pd.read_parquet(tmp_path / "bars.parquet")
    assert written["ticker"].tolist() == [symbol for symbol in list_symbols() for _ in range(2)]
    assert written["session"].dt.day.tolist() == [8, 11] * 30
    assert written.loc[0, ["open", "high", "close", "volume"]].tolist() == [1.1, 2.0, 1.5, 7]
    assert written["low"].isna().all()
    dates = (tmp_path / "report_dates.csv").read_text().splitlines()
    assert dates[:3] == [
        *("ticker,date,source,authoritative", "AAPL,2013-02-08,sample-stocks,true"),
        "AAPL,2013-05-01,sample-stocks,true",
    ]
    assert len(dates) == 1 + 3 * 30  # the header; no filing is older than the bars


def test_the_generator_refuses_a_symbol_that_lacks_a_session_or_a_filing():
    with pytest.raises(ValueError, match=r"\{'AAPL': 1\} have fewer"):
        select_bars(raw_bars().drop(index=0))
    first = pd.Timestamp("2013-02-08")
    with pytest.raises(ValueError, match=r"missing of \['AAPL'\]"):
        select_dates(raw_filings().drop(index=0), first)
