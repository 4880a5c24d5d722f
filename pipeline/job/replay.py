"""The daily cycle over past sessions, with the clock handed in: what the job would have done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import pandas as pd

from volcast.pipeline.backtest.walk_forward import find_first_test
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.calendars.sessions import sessions_between, settled_at
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.files import lock_folder
from volcast.pipeline.home import Home
from volcast.pipeline.job.config_archive import adopt, keep
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.cycle import run_evening
from volcast.pipeline.job.market import BarHashes, Market
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.job.preconditions import mark_replay
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.report import write_report
from volcast.pipeline.job.summary import Summary
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.panel.build import assign_calendars, build_sample
from volcast.pipeline.progress import Progress


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
    panel, hashes = market.panel, BarHashes(market.bars)
    sessions = panel.sessions
    first = (
        int(sessions.searchsorted(pd.Timestamp(period[0])))
        if period[0]
        else find_first_test(panel, build_sample(panel), config)
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
    names = sorted(set(assign_calendars(panel.tickers, config).values()))
    with lock_folder(home.folder), Ledger.to_write(home.ledger) as ledger:
        start = find_settling_moment(pd.Timestamp(sessions[first]), names)
        mark_replay(ledger, home, now=start, real=market.vintage)
        keep(config, home, ledger)
        adopt(config, home)
        panels = PanelCache(market, config)
        registry_view = RegistryView(home)
        for origin in range(first, last):
            day = pd.Timestamp(sessions[origin])
            context = JobContext(
                config=config,
                panels=panels,
                origin=origin,
                clock=partial(_stands_at, find_settling_moment(day, names)),
                vintage=market.vintage,
                data_hash=hashes.until(day),
                ledger=ledger,
                registry_view=registry_view,
                progress=progress,
            )
            summary = run_evening(context)
            if origin == last - 1:
                write_report(home, context, summary)
            yield summary


def find_settling_moment(day: pd.Timestamp, names: list[str]) -> dt.datetime:
    """Return the moment at which the session of a day has settled on every exchange.

    A day on which all are closed, and of which there is a bar all the same, ends with the day.
    """
    open_then = [name for name in names if len(sessions_between(name, day, day))]
    settled = [settled_at(name, day) for name in open_then or names]
    latest: dt.datetime = max(settled).to_pydatetime()
    return latest


def _stands_at(moment: dt.datetime) -> dt.datetime:
    return moment
