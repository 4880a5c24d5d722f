"""The daily cycle over past sessions, with the clock handed in: what the job would have done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import pandas as pd

from pipeline import artifacts, walk
from pipeline.config import Config
from pipeline.daily.bars import Hashes, Market
from pipeline.daily.cycle import run_evening
from pipeline.daily.evening import Evening
from pipeline.daily.guards import mark_replay
from pipeline.daily.panels import Panels
from pipeline.daily.reporting import write_report
from pipeline.daily.settings import adopt, keep
from pipeline.daily.standing import Standing
from pipeline.daily.summary import Summary
from pipeline.data import calendars
from pipeline.errors import ConfigError
from pipeline.home import Home
from pipeline.ledger.ledger import Ledger
from pipeline.panels import calendars_of, sample_of
from pipeline.progress import Progress


def replay(
    home: Home,
    config: Config,
    market: Market,
    period: tuple[dt.date | None, dt.date | None],
    progress: Progress,
) -> Iterator[Summary]:
    """Do every evening's work from the first to the last day of `period`, and tell of each.

    The last one leaves its report. Without a first day it is that of the walk-forward's first test.

    Nothing after an evening's session is used: features and targets are those of the panel cut
    there, which the look-ahead proofs say is the same as a panel of the bars up to there.
    """
    panel, hashes = market.panel, Hashes(market.bars)
    sessions = panel.sessions
    first = (
        int(sessions.searchsorted(pd.Timestamp(period[0])))
        if period[0]
        else walk.first_test_of(panel, sample_of(panel), config)
    )
    last = (
        int(sessions.searchsorted(pd.Timestamp(period[1]), side="right"))
        if period[1]
        else len(sessions)
    )
    if first >= last:
        raise ConfigError(
            f"no session lies from {period[0]} to {period[1]}; the prices reach from "
            f"{sessions[0].date()} to {sessions[-1].date()}"
        )
    names = sorted(set(calendars_of(panel.tickers, config).values()))
    with artifacts.locked(home.folder), Ledger.to_write(home.ledger) as ledger:
        start = evening_of(pd.Timestamp(sessions[first]), names)
        mark_replay(ledger, home, now=start, real=market.vintage)
        keep(config, home, ledger)
        adopt(config, home)
        panels = Panels(market, config)
        standing = Standing(home)
        for origin in range(first, last):
            day = pd.Timestamp(sessions[origin])
            evening = Evening(
                config=config,
                panels=panels,
                origin=origin,
                clock=partial(_stands_at, evening_of(day, names)),
                vintage=market.vintage,
                data_hash=hashes.until(day),
                ledger=ledger,
                standing=standing,
                progress=progress,
            )
            summary = run_evening(evening)
            if origin == last - 1:
                write_report(home, evening, summary)
            yield summary


def evening_of(day: pd.Timestamp, names: list[str]) -> dt.datetime:
    """Return the moment at which the session of a day has settled on every exchange.

    A day on which all are closed, and of which there is a bar all the same, ends with the day.
    """
    open_then = [name for name in names if len(calendars.sessions_between(name, day, day))]
    settled = [calendars.settled_at(name, day) for name in open_then or names]
    latest: dt.datetime = max(settled).to_pydatetime()
    return latest


def _stands_at(moment: dt.datetime) -> dt.datetime:
    return moment
