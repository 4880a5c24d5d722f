"""The replay: the daily cycle over past sessions, with a simulated clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import pandas as pd

from volcast.pipeline.backtest.first_test import find_first_test
from volcast.pipeline.cluster.work import Executor
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.calendars.opening_hours import settled_at
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.files import lock_folder
from volcast.pipeline.home import Home
from volcast.pipeline.job.config_archive import write_archived_config, write_current_config
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.market import Market, hash_market
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.job.preconditions import mark_replay
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.report import write_report
from volcast.pipeline.job.summary import Summary
from volcast.pipeline.ledger.head_file import check_head, write_head
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.memory import limit_arenas
from volcast.pipeline.panel.build import assign_calendars, build_sample
from volcast.pipeline.progress import Progress


def replay(
    home: Home,
    config: Config,
    market: Market,
    period: tuple[dt.date | None, dt.date | None],
    progress: Progress,
    executor: Executor | None = None,
) -> Iterator[Summary]:
    """Run the daily cycle for each session of a period, and yield each summary.

    Nothing after a session's close is used: features and targets are those of the panel cut there,
    which the look-ahead checks prove equal to a panel of the bars up to there. The last run writes
    its report.

    Parameters
    ----------
    home
        An empty home, or one that holds a replay.
    config
        The settings, with absolute paths.
    market
        All bars, and their panel.
    period
        The first and the last day; by default the first test day of the walk-forward and the last
        session.
    progress
        Reports the stages.
    executor
        Trains the networks of shadow periods; None: this process. The challenger of an evening is
        always trained here, since the next evening needs it.

    Raises
    ------
    ConfigError
        No session lies in the period, or the home holds live forecasts.
    LedgerError
        The home's ledger lost rows.
    """
    limit_arenas()
    panel, hashes = market.panel, hash_market(market, config)
    origins = _find_origins(market, config, period)
    calendars = sorted(set(assign_calendars(panel.tickers, config).values()))
    days = [pd.Timestamp(panel.sessions[origin]) for origin in origins]
    check_head(home)
    with lock_folder(home.folder), Ledger.to_write(home.ledger) as ledger:
        start = find_settling_time(days[0], calendars)
        mark_replay(ledger, home, now=start, real=market.vintage)
        write_archived_config(config, home, ledger)
        write_current_config(config, home)
        panels, registry_view = PanelCache(market, config), RegistryView(home)
        for origin, day in zip(origins, days, strict=True):
            context = JobContext(
                config=config,
                panels=panels,
                origin=origin,
                clock=partial(_return_time, find_settling_time(day, calendars)),
                vintage=market.vintage,
                data_hash=hashes.until(day),
                ledger=ledger,
                registry_view=registry_view,
                held=market.held_on(day),
                progress=progress,
                executor=executor,
            )
            summary = run_daily_cycle(context)
            write_head(home, ledger.head())
            if origin == origins[-1]:
                write_report(home, context, summary)
            yield summary


def find_settling_time(day: pd.Timestamp, calendars: list[str]) -> dt.datetime:
    """Return the time at which the session of a day has settled on every exchange.

    A day with a bar on which all exchanges are closed settles when it ends.
    """
    open_then = [name for name in calendars if len(sessions_between(name, day, day))]
    settled = [settled_at(name, day) for name in open_then or calendars]
    latest: dt.datetime = max(settled).to_pydatetime()
    return latest


def _find_origins(
    market: Market, config: Config, period: tuple[dt.date | None, dt.date | None]
) -> range:
    """Return the positions of the sessions of a period."""
    panel, (start, end) = market.panel, period
    sessions = panel.sessions
    if start:
        first = int(sessions.searchsorted(pd.Timestamp(start)))
    else:
        first = find_first_test(panel, build_sample(panel), config)
    last = int(sessions.searchsorted(pd.Timestamp(end), side="right")) if end else len(sessions)
    if first >= last:
        raise ConfigError(
            f"there is no session from {start} to {end}; the prices cover {sessions[0].date()} to "
            f"{sessions[-1].date()}"
        )
    return range(first, last)


def _return_time(time: dt.datetime) -> dt.datetime:
    return time
