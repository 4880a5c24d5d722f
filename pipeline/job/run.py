"""The job: lock the home, bring the bars up to date, do the evening's work, write its report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.files import lock_folder
from volcast.pipeline.home import Home
from volcast.pipeline.job import preconditions
from volcast.pipeline.job.config_archive import adopt, at_home, keep
from volcast.pipeline.job.context import Clock, JobContext
from volcast.pipeline.job.cycle import run_evening
from volcast.pipeline.job.disk_space import keep_room, room
from volcast.pipeline.job.market import BarHashes, load_market
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.report import write_report
from volcast.pipeline.job.summary import Summary
from volcast.pipeline.ledger.head_file import check_head, note_head
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.progress import Progress


def run_job(
    home: Home,
    config: Config,
    *,
    clock: Clock,
    progress: Progress,
    if_due: bool = True,
) -> Summary:
    """Do the work of the newest settled session; a second call on the same day changes nothing.

    A challenger is trained, or only where one is due.

    Raises
    ------
    VolcastError
        Another job works in the home, it holds a replay or other tickers, or there are no bars at
        all. What was done stays.
    """
    config = at_home(config, home)
    with lock_folder(home.folder):
        short = keep_room(home)
        check_head(home)
        progress.stage("bringing the bars up to date")
        market = load_market(config, clock(), progress)
        known = np.flatnonzero(np.isfinite(market.panel.variance).any(axis=1))
        if not len(known):
            raise DataError("no session has a variance: no ticker's bars have a range of prices")
        origin = int(known[-1])
        with Ledger.to_write(home.ledger) as ledger:
            preconditions.check_live(ledger, home)
            preconditions.check_tickers(ledger, market.panel.tickers, home)
            keep(config, home, ledger)
            day = market.panel.sessions[origin].date()
            context = JobContext(
                config=config,
                panels=PanelCache(market, config),
                origin=origin,
                clock=clock,
                vintage=market.vintage,
                data_hash=BarHashes(market.bars).until(pd.Timestamp(market.panel.sessions[origin])),
                ledger=ledger,
                registry_view=RegistryView(home),
                told=market.told,
                conditions=(room(home, short), preconditions.ahead(ledger, day)),
                short_of_room=short,
                progress=progress,
            )
            progress.stage(f"the evening of {day}")
            summary = run_evening(context, if_due=if_due)
            note_head(home, ledger.head())
            if not summary.over:
                adopt(config, home)
                write_report(home, context, summary)
    return summary
