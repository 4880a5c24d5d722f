"""A source of dates that move, and the daily job run session by session on what it says by then."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

from tests.pipeline.data.sources.conftest import write_package
from tests.pipeline.job.samples import verify_and_rebuild
from tests.pipeline.samples import make_prices
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.events.client import build_answer
from volcast.pipeline.events.revisions import active_versions
from volcast.pipeline.events.store import EventStore
from volcast.pipeline.events.stored_events import open_event_store
from volcast.pipeline.home import Home
from volcast.pipeline.job import run
from volcast.pipeline.job.config_archive import resolve_for_home
from volcast.pipeline.job.market import Market, build_market_panel
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.panel.external import VERSION_COLUMNS, ExternalData
from volcast.pipeline.progress import Progress

SOURCE, CALENDAR = "desk", "XNYS"
TICKERS = ("AAA", "BBB", "CCC", "DDD")
# What the source says of a ticker from one moment to another. A record is said from its first
# moment on. Moments of learning are given by the source, or, if empty, those of the request.
SAYS = """\
ticker,from,until,date,time,learnt_at,authoritative
AAA,2018-01-08T15:00Z,2018-01-30T15:00Z,2018-02-01,after_close,,false
AAA,2018-01-30T15:00Z,2018-02-09T15:00Z,2018-02-08,after_close,,false
AAA,2018-02-08T21:30Z,,2018-02-08,after_close,2018-02-08T21:30Z,true
BBB,2018-01-08T15:00Z,2018-01-29T19:00Z,2018-02-06,before_open,,false
BBB,2018-01-29T19:00Z,2018-02-01T15:00Z,2018-01-31,before_open,,false
BBB,2018-01-31T12:00Z,,2018-01-31,before_open,2018-01-31T12:00Z,true
CCC,2018-02-05T16:00Z,2018-02-06T15:00Z,2018-02-06,before_open,2018-02-05T16:00Z,false
CCC,2018-02-07T09:00Z,,2018-02-06,before_open,2018-02-06T11:30Z,true
DDD,2018-02-14T21:05Z,,2018-02-14,after_close,2018-02-14T21:05Z,true
"""
PAST = ("2016-05-03", "2016-08-02", "2016-11-01", "2017-02-07", "2017-05-02", "2017-08-01")
LAST_YEAR = "2017-10-31"  # of the reports, one for each quarter and the same for all tickers
CODE = """
import pandas as pd

def to_moments(column):
    return pd.to_datetime(column, utc=True, format="ISO8601")

class Desk:
    def fetch(self, ticker, now):
        says = pd.read_csv({path!r}, keep_default_na=False)
        moment = pd.Timestamp(now)
        until = to_moments(says["until"])
        said = (to_moments(says["from"]) <= moment) & ~(until <= moment)
        rows = says[said & (says["ticker"] == ticker)]
        return rows.assign(reference=rows["date"].where(rows["authoritative"] == "true", ""))
"""
SETTINGS = {
    "target": {"horizons": [1, 5]},
    "features": {"select": ["har_1", "har_5", "har_22", "reports"]},
    "model": {"members": 1, "epochs": 2},
    "job": {"shadow_sessions": 0},
}


@dataclass
class Live:
    """A home, its growing files, and the market of each of its daily runs."""

    folder: Path
    markets: dict[str, Market] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.prices = pd.concat([make_prices(name, at) for at, name in enumerate(TICKERS)])

    @property
    def home(self) -> Home:
        return Home(self.folder / "home")

    @property
    def config(self) -> Config:
        data = {"source": "files", "path": str(self.folder / "prices.parquet")}
        data |= {"tickers": list(TICKERS), "events": [SOURCE], "rate": 100.0}
        return resolve_for_home(load_config(None, {"data": data, **SETTINGS}), self.home)

    @property
    def store(self) -> EventStore:
        return open_event_store(SOURCE, self.config.data)

    def run(self, *days: str) -> None:
        """Run the job on the evening of each day."""
        for day in days:
            self.write_prices(day)
            with self._keep_market(day):
                run.run_job(
                    self.home, self.config, clock=partial(evening, day), progress=Progress()
                )

    def write_prices(self, day: str) -> None:
        """Write the bars that the file has on the evening of a day."""
        self.prices[self.prices["date"] <= day].to_parquet(self.folder / "prices.parquet")

    def copy(self, folder: Path) -> Live:
        """Return a copy, whose source is that of the original."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Live(folder, dict(self.markets))

    def rebuild(self) -> int:
        """Rebuild every forecast; return their number, if all are the same bit for bit."""
        with Ledger.to_read(self.home.ledger) as ledger:
            rebuilt = verify_and_rebuild(ledger, self.home)
            assert rebuilt == len(ledger.table("forecasts"))
        return rebuilt

    def features(self, name: str, day: str) -> list[float]:
        """Return a feature of each ticker on the origin of a day, rounded."""
        panel = self.markets[day].panel
        return panel.x[-1, :, panel.names.index(name)].round(3).tolist()

    @contextmanager
    def _keep_market(self, day: str) -> Iterator[None]:
        def load(*given: object) -> Market:
            self.markets[day] = load_market(*given)
            return self.markets[day]

        load_market = run.load_market
        with patch.object(run, "load_market", load):
            yield

    def find_differences(self, day: str, *, corrupt: bool = False) -> list[str]:
        """Return the features of a day's run that differ when computed from what was known then.

        Known at the close are the rows that were stored by that evening and learnt by the close.
        With `corrupt` rows that are learnt after the close are invented.
        """
        market, close = self.markets[day], find_close(day)
        stored = self.store.read(TICKERS, evening(day)).events
        known = stored[stored["learnt_at"].isna() | (stored["learnt_at"] <= close)]
        if corrupt:
            known = pd.concat([known, self._invent_others(close)], ignore_index=True)
        versions = active_versions(known)[list(VERSION_COLUMNS)]
        external = ExternalData(versions, market.external.series)
        panel = build_market_panel(market.bars, self.config, market.held, external)
        return [
            name
            for at, name in enumerate(panel.names)
            if not np.array_equal(panel.x[:, :, at], market.panel.x[:, :, at], equal_nan=True)
        ]

    def _invent_others(self, close: pd.Timestamp) -> pd.DataFrame:
        """Return rows like all that were ever stored, of dates around a close and learnt after."""
        rng = np.random.default_rng(7)
        rows = self.store.read(TICKERS).events
        moves = pd.to_timedelta(rng.integers(-40, 40, len(rows)), unit="D")
        waits = pd.to_timedelta(rng.integers(1, 90 * 24 * 3600, len(rows)), unit="s")
        return rows.assign(
            date=close.tz_localize(None).normalize() + moves, learnt_at=close + waits
        )


def start_live(folder: Path) -> Live:
    """Write the package of the source into a folder, and return a home without runs."""
    says = folder / "says.csv"
    past = [
        f"{name},{day}T12:00Z,,{day},before_open,{day}T12:00Z,true"
        for name in TICKERS
        for day in (*PAST, LAST_YEAR)
    ]
    says.write_text(SAYS + "\n".join(past) + "\n")
    points = f"[volcast.events]\n{SOURCE} = {SOURCE}_of_dates:Desk\n"
    write_package(folder, f"{SOURCE}_of_dates", CODE.format(path=str(says)), points)
    return Live(folder)


def evening(day: str) -> dt.datetime:
    """Return a moment at which that day's session of New York has settled."""
    return pd.Timestamp(f"{day} 18:00", tz="America/New_York").tz_convert("UTC").to_pydatetime()


def find_close(day: str) -> pd.Timestamp:
    return closing_moments(CALENDAR, pd.DatetimeIndex([day]))[0]


def list_days(first: str, last: str) -> list[str]:
    sessions = sessions_between(CALENDAR, pd.Timestamp(first), pd.Timestamp(last))
    return [str(day.date()) for day in sessions]


def store_later_dates(live: Live) -> None:
    """Store what a source might say months later, some of it of moments long before."""
    for number, ticker in enumerate(TICKERS):
        for week in range(6):
            now = evening("2018-06-01") + dt.timedelta(weeks=week)
            rows = [
                {
                    "date": "2018-02-02",
                    "learnt_at": "2018-01-15T12:00Z",
                    "reference": f"old {week}",
                },
                {"date": f"2018-01-{17 + number + week}", "learnt_at": None},
                {"date": f"2018-07-{10 + number + week}", "learnt_at": now},
            ]
            live.store.record(ticker, build_answer(SOURCE, ticker, rows), now)
