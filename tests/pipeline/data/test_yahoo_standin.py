"""The stand-in encodes as Yahoo does: its answers against recorded ones."""

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.yahoo_recorded import RECORDED
from tests.pipeline.data.yahoo_standin import Listing, chart
from volcast.pipeline.data.sources.yahoo import YahooClient

OPENS = {"BTC-USD": "00:00", "WSU.DE": "09:00"}


def day_of(stamp: int, zone: str) -> pd.Timestamp:
    return pd.Timestamp(stamp, unit="s", tz=zone).tz_localize(None).normalize()


def listing_of(ticker: str) -> Listing:
    """Return what a person would write down of a recorded answer: dates, and rounded prices."""
    recorded = RECORDED[ticker]
    meta, events = recorded["meta"], recorded["events"]
    zone = meta["exchangeTimezoneName"]
    days = pd.DatetimeIndex([day_of(stamp, zone) for stamp in recorded["timestamp"]])
    prices = {
        name: np.round(recorded["quote"][name], 6) for name in ("open", "high", "low", "close")
    }
    bars = pd.DataFrame(prices, index=days).assign(
        adj_close=recorded["adjclose"], volume=recorded["quote"]["volume"]
    )
    date = {
        stamp: str(day_of(int(stamp), zone).date()) for kind in events.values() for stamp in kind
    }
    return Listing(
        bars,
        timezone=zone,
        opens=OPENS.get(ticker, "09:30"),
        currency=meta["currency"],
        instrument=meta["instrumentType"],
        exchange=meta["exchangeName"],
        dividends={date[at]: told["amount"] for at, told in events.get("dividends", {}).items()},
        splits={
            date[at]: (told["numerator"], told["denominator"])
            for at, told in events.get("splits", {}).items()
        },
    )


@pytest.mark.parametrize("ticker", RECORDED)
def test_bars_events_and_meta_are_encoded_as_yahoo_encoded_them(ticker):
    recorded = RECORDED[ticker]
    query = {"period1": "0", "period2": "2000000000"}
    (answer,) = chart(ticker, listing_of(ticker), query)["chart"]["result"]
    assert answer["timestamp"] == recorded["timestamp"]
    assert answer["indicators"] == {
        "quote": [recorded["quote"]],
        "adjclose": [{"adjclose": recorded["adjclose"]}],
    }
    assert answer.get("events", {}) == recorded["events"]
    assert {name: answer["meta"][name] for name in recorded["meta"]} == recorded["meta"]


@pytest.mark.parametrize("ticker", RECORDED)
def test_the_client_reads_sessions_prices_and_actions_of_such_an_answer(standin, ticker):
    recorded, standin.listings[ticker] = RECORDED[ticker], listing_of(ticker)
    first, last = (standin.listings[ticker].bars.index[at].date() for at in (0, -1))
    with YahooClient(5.0).connected(lambda: None) as fetch:
        rows = fetch(ticker, first, last).rows.set_index("session")
    assert rows.index.tolist() == standin.listings[ticker].bars.index.tolist()
    for name, numbers in recorded["quote"].items():
        assert rows[name].tolist() == numbers
    assert rows["adj_close"].tolist() == recorded["adjclose"]
    paid = {str(day.date()): x for day, x in rows["dividend"].items() if x}
    cut = {str(day.date()): x for day, x in rows["split"].items() if x}
    assert paid == standin.listings[ticker].dividends
    assert cut == {day: up / down for day, (up, down) in standin.listings[ticker].splits.items()}


def test_only_bars_inside_the_range_are_sent():
    bars = listing_of("AAPL").bars
    begin = RECORDED["AAPL"]["timestamp"][0]
    for first, last, count in ((begin, begin, 0), (begin, begin + 1, 1), (begin + 1, begin + 9, 0)):
        query = {"period1": str(first), "period2": str(last)}
        (answer,) = chart("AAPL", Listing(bars), query)["chart"]["result"]
        assert len(answer.get("timestamp", [])) == count
