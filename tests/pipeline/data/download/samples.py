"""Listings of the stand-in, the clock and the notes that the tests of updates share."""

import datetime as dt

import pandas as pd

from tests.pipeline.data.conftest import make_bars
from tests.pipeline.data.yahoo_standin import Listing
from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.download.rate_limit import TokenBucket
from volcast.pipeline.progress import Progress

PRICES = ["open", "high", "low", "close", "adj_close"]


def evening(day: str) -> dt.datetime:
    """Return a moment at which that day's session of New York has settled."""
    return pd.Timestamp(f"{day} 18:00", tz="America/New_York").to_pydatetime()


def quarter(ticker="AAA", **options) -> Listing:
    return Listing(make_bars(ticker, "2024-01-02", "2024-03-28").set_index("session"), **options)


def without(*days: str) -> Listing:
    listing = quarter()
    listing.bars = listing.bars.drop(pd.DatetimeIndex(days))
    return listing


def asked_from(standin, ticker="AAA") -> str:
    """Return the first session that the last request for prices asked for."""
    start = pd.Timestamp(int(standin.charts(ticker)[-1]["period1"]), unit="s", tz="UTC")
    return str(start.tz_convert("America/New_York").date())


def closes(store, as_of=None) -> pd.Series:
    return store.bars(["AAA"], as_of).set_index("session")["close"]


def recent_bars() -> pd.DataFrame:
    """Return bars up to the last session that has settled by the machine's clock."""
    last = last_settled_session("XNYS", dt.datetime.now(dt.UTC))
    first = last - pd.Timedelta(days=400)
    return make_bars(first=first, last=last).set_index("session")


class Notes(Progress):
    """Collects the notes."""

    def __init__(self):
        self.said = []

    def note(self, text):
        self.said.append(text)


class Clock:
    """Time that passes only in sleep."""

    def __init__(self):
        self.now, self.slept = 1_000_000.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds


def make_bucket(folder, clock, rate=2.0):
    return TokenBucket(folder / ".rate.json", rate, clock=clock, sleep=clock.sleep)
