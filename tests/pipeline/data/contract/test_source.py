"""One suite that every source must pass."""

import datetime as dt
from dataclasses import dataclass
from importlib import resources

import arch.data.sp500
import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import NOW, asking, make_bars, yahoo_in
from tests.pipeline.data.yahoo_standin import Listing
from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS, NUMBER_COLUMNS
from volcast.pipeline.data.contract.source import Source
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.sources.sample import SampleSource
from volcast.pipeline.data.sources.sample_stocks import SampleStocksSource
from volcast.pipeline.data.sources.tiingo import TiingoSource
from volcast.pipeline.errors import ConfigError, DataError


@dataclass
class Case:
    source: Source
    tickers: tuple[str, str]
    start: dt.date
    end: dt.date
    sessions: int
    everything: pd.DataFrame  # all bars of the first ticker


def two_tickers() -> pd.DataFrame:
    frames = [make_bars("AAA"), make_bars("BBB", level=50.0)]
    # Out of order, as files may be.
    return pd.concat(frames, ignore_index=True).sample(frac=1, random_state=1)


def sp500() -> pd.DataFrame:
    raw = arch.data.sp500.load()
    names = ["open", "high", "low", "close", "adj_close", "volume"]
    bars = raw.set_axis(names, axis=1).astype("float64").rename_axis("session").reset_index()
    return bars.assign(ticker="^GSPC", variance=np.nan)[list(BAR_COLUMNS)]


def apple() -> pd.DataFrame:
    folder = resources.files("volcast.pipeline.data.sources") / "stocks"
    raw = pd.read_parquet(str(folder / "bars.parquet"))
    bars = raw[raw["ticker"] == "AAPL"].assign(adj_close=raw["close"], variance=np.nan)
    types = dict.fromkeys(NUMBER_COLUMNS, "float64") | {"session": "datetime64[us]"}
    return bars.astype(types).reset_index(drop=True)[list(BAR_COLUMNS)]


def in_january(source) -> Case:
    return Case(
        source, ("AAA", "BBB"), dt.date(2024, 1, 5), dt.date(2024, 1, 20), 10, make_bars("AAA")
    )


EMBEDDED = ("sample", "sample-stocks")
OTHERS = ("long csv", "csv.gz", "folder", "parquet", "yahoo", "tiingo")


@pytest.fixture(params=[*EMBEDDED, *OTHERS])
def case(request, tmp_path):
    if request.param == "sample":
        day = dt.date
        tickers = ("^GSPC", "^IXIC")
        return Case(SampleSource(), tickers, day(2008, 9, 1), day(2008, 9, 30), 21, sp500())
    if request.param == "sample-stocks":
        day = dt.date
        source = SampleStocksSource()
        return Case(source, ("AAPL", "XOM"), day(2016, 9, 1), day(2016, 9, 30), 21, apple())
    if request.param == "yahoo":
        standin = request.getfixturevalue("standin")
        for ticker, bars in two_tickers().sort_values("session").groupby("ticker"):
            standin.listings[ticker] = Listing(bars.set_index("session"))
        return in_january(yahoo_in(tmp_path))
    if request.param == "tiingo":
        tiingo = request.getfixturevalue("empty_tiingo")
        for ticker, bars in two_tickers().sort_values("session").groupby("ticker"):
            tiingo.serve(ticker, bars)
        return in_january(TiingoSource())
    bars = two_tickers()
    if request.param == "parquet":
        bars.to_parquet(tmp_path / "bars.parquet")
        return in_january(FilesSource(tmp_path / "bars.parquet"))
    if request.param == "folder":
        for ticker, own in bars.groupby("ticker"):
            own.drop(columns="ticker").to_csv(tmp_path / f"{ticker}.csv", index=False)
        return in_january(FilesSource(tmp_path))
    file = tmp_path / ("bars.csv" if request.param == "long csv" else "bars.csv.gz")
    bars.to_csv(file, index=False)
    return in_january(FilesSource(file))


def load(case, *tickers, start=None, end=None):
    return case.source.load(asking(*tickers, start=start or case.start, end=end or case.end))


def test_columns_are_those_of_the_bar_table_and_typed(case):
    bars = load(case, *case.tickers).bars
    assert tuple(bars.columns) == BAR_COLUMNS
    assert bars["ticker"].dtype == "str"
    assert bars["session"].dtype == "datetime64[us]"
    assert (bars[list(NUMBER_COLUMNS)].dtypes == np.float64).all()


def test_rows_are_sorted_by_ticker_and_session_and_numbered_from_zero(case):
    bars = load(case, *reversed(case.tickers)).bars
    assert bars.equals(bars.sort_values(["ticker", "session"], ignore_index=True))


def test_sessions_are_midnights_without_timezone_inside_the_range(case):
    sessions = load(case, *case.tickers).bars["session"]
    assert (sessions == sessions.dt.normalize()).all()
    assert sessions.min() >= pd.Timestamp(case.start)
    assert sessions.max() <= pd.Timestamp(case.end)
    assert sessions.nunique() == case.sessions


def test_both_ends_of_the_range_are_included(case):
    session = load(case, *case.tickers).bars["session"].iloc[3].date()
    bars = load(case, *case.tickers, start=session, end=session).bars
    assert bars["session"].tolist() == [pd.Timestamp(session)] * 2


def test_only_the_tickers_asked_for_come_back(case):
    download = load(case, case.tickers[1])
    assert set(download.bars["ticker"]) == {case.tickers[1]}
    assert download.failures == {}


def test_an_unknown_ticker_is_a_failure_and_the_others_are_kept(case):
    download = load(case, "NOPE", *case.tickers)
    assert set(download.bars["ticker"]) == set(case.tickers)
    assert list(download.failures) == ["NOPE"]
    assert "delisted" not in download.failures["NOPE"]


def test_no_known_ticker_is_an_error_that_lists_each(case):
    with pytest.raises(DataError, match=r"NOPE: .*NADA: ") as caught:
        load(case, "NOPE", "NADA")
    assert "\n" not in str(caught.value)


def test_an_empty_range_is_an_error_that_names_the_ticker(case):
    with pytest.raises(DataError, match=case.tickers[0].replace("^", r"\^")):
        load(case, case.tickers[0], start=dt.date(1990, 1, 1), end=dt.date(1990, 2, 1))


def test_the_same_call_twice_gives_equal_frames(case):
    first, second = load(case, *case.tickers), load(case, *case.tickers)
    pd.testing.assert_frame_equal(first.bars, second.bars)


def test_prices_hold_together(case):
    bars = load(case, *case.tickers).bars
    assert (bars["low"] <= bars[["open", "close"]].min(axis=1)).all()
    assert (bars["high"] >= bars[["open", "close"]].max(axis=1)).all()
    assert (bars["adj_close"] > 0).all()


def test_the_bars_that_were_put_in_come_out_unchanged(case):
    bars = case.source.load(asking(case.tickers[0])).bars
    pd.testing.assert_frame_equal(bars, case.everything)


def test_the_sample_defaults_to_both_indices_over_twenty_years():
    bars = SampleSource().load(asking()).bars
    assert bars.groupby("ticker").size().to_dict() == {"^GSPC": 5031, "^IXIC": 5031}
    first = bars.iloc[0]
    assert (first["session"], first["open"]) == (pd.Timestamp("1999-01-04"), 1229.229980)


def test_an_empty_range_says_what_the_source_has():
    with pytest.raises(DataError, match="the source covers 1999-01-04 to 2018-12-31"):
        SampleSource().load(asking("^GSPC", start=dt.date(2020, 1, 1)))


def test_a_start_after_the_end_is_a_configuration_error():
    with pytest.raises(ConfigError, match=r"start is 2024-01-02, end is 2024-01-01"):
        asking("AAA", start=dt.date(2024, 1, 2), end=dt.date(2024, 1, 1))


def test_a_clock_without_timezone_is_a_configuration_error():
    with pytest.raises(ConfigError, match="timezone"):
        asking("AAA", now=NOW.replace(tzinfo=None))


def test_a_blank_ticker_is_a_configuration_error():
    with pytest.raises(ConfigError, match="blank"):
        asking("AAA", " ")


def test_yahoo_without_tickers_names_the_option(tmp_path):
    with pytest.raises(ConfigError, match="--ticker"):
        yahoo_in(tmp_path).load(asking())
