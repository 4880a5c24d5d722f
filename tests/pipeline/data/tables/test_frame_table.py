"""Pandas frames of prices are read like files: every layout that people have."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.samples import make_prices
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.sources.frames import FrameSource
from volcast.pipeline.errors import DataError

EVERYTHING = Request((), None, None, dt.datetime(2026, 1, 5, tzinfo=dt.UTC))
PARTS = {"AAA": make_prices("AAA", 1, 60), "BBB": make_prices("BBB", 2, 60)}
LONG = pd.concat(PARTS.values())


def to_wide(field_first: bool) -> pd.DataFrame:
    """As yfinance returns it, with either order of the two levels."""
    columns = {}
    for ticker, part in PARTS.items():
        own = part.set_index("date").drop(columns="ticker").rename(columns=str.capitalize)
        for name in own:
            columns[(name, ticker) if field_first else (ticker, name)] = own[name]
    wide = pd.DataFrame(columns)
    wide.index.name = "Date"
    wide.columns.names = ["Price", "Ticker"] if field_first else ["Ticker", "Price"]
    return wide


def of_one_ticker() -> pd.DataFrame:
    """As the history of a yfinance ticker: dates with a timezone, dividends, capital letters."""
    one = PARTS["AAA"].set_index("date").drop(columns="ticker").rename(columns=str.capitalize)
    one.index = one.index.tz_localize("America/New_York")
    return one.assign(Dividends=0.0, **{"Stock Splits": 0.0})


def load(frame: pd.DataFrame) -> pd.DataFrame:
    return FrameSource(frame, "AAA").load(EVERYTHING).bars


LAYOUTS = {
    "long": LONG,
    "long, dates and tickers in the index": LONG.set_index(["date", "ticker"]),
    "long, a filtered index": LONG.iloc[::-1],
    "wide, fields first": to_wide(True),
    "wide, tickers first": to_wide(False),
    "text": LONG.astype({"date": str}),
    "dates of Python": LONG.assign(date=LONG["date"].dt.date),
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "prices.csv"
    LONG.to_csv(path, index=False)
    return FilesSource(path).load(EVERYTHING).bars


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_bars_of_the_file(layout, expected):
    pd.testing.assert_frame_equal(load(LAYOUTS[layout]), expected, check_exact=True)


def test_one_ticker_takes_the_given_name(expected):
    bars = load(of_one_ticker())
    own = expected[expected["ticker"] == "AAA"].reset_index(drop=True)
    pd.testing.assert_frame_equal(bars, own, check_exact=True)


def test_closes_alone_are_enough():
    bars = load(PARTS["AAA"][["date", "close"]])
    assert (bars["high"] == bars["close"]).all() and len(bars) == 60


def test_the_frame_is_not_changed():
    frame = of_one_ticker()
    before = frame.copy()
    load(frame)
    pd.testing.assert_frame_equal(frame, before)


BAD = {
    "no rows": (LONG.iloc[:0], "the frame has no rows or no columns"),
    "no close": (LONG.drop(columns="close"), "the frame: missing column close; found 'date'"),
    "no dates": (LONG.drop(columns="date"), "the frame: missing column date"),
    "a word among prices": (
        LONG.astype({"close": object}).assign(close=["many", *LONG["close"][1:]]),
        "the frame.*close.*many|many",
    ),
    "a list in a cell": (LONG.assign(close=[[1.0]] * len(LONG)), "the frame.*close"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_a_frame_is_told(case):
    frame, message = BAD[case]
    with pytest.raises(DataError, match=message):
        load(frame)


def test_missing_prices_stay_missing():
    frame = PARTS["AAA"].copy()
    frame.loc[frame.index[5], ["open", "high", "low", "close"]] = np.nan
    assert load(frame)["close"].isna().sum() <= 1
