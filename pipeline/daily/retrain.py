"""The job: lock the home, bring the bars up to date, do the evening's work, write its report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline import artifacts
from pipeline.config import Config
from pipeline.daily import guards
from pipeline.daily.bars import Hashes, market_of
from pipeline.daily.cycle import run_evening
from pipeline.daily.evening import Clock, Evening
from pipeline.daily.panels import Panels
from pipeline.daily.reporting import write_report
from pipeline.daily.reserve import keep_room, room
from pipeline.daily.settings import adopt, at_home, keep
from pipeline.daily.standing import Standing
from pipeline.daily.summary import Summary
from pipeline.errors import DataError
from pipeline.home import Home
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.noted import check_head, note_head
from pipeline.progress import Progress


def retrain(
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
    with artifacts.locked(home.folder):
        short = keep_room(home)
        check_head(home)
        progress.stage("bringing the bars up to date")
        market = market_of(config, clock(), progress)
        known = np.flatnonzero(np.isfinite(market.panel.variance).any(axis=1))
        if not len(known):
            raise DataError("no session has a variance: no ticker's bars have a range of prices")
        origin = int(known[-1])
        with Ledger.to_write(home.ledger) as ledger:
            guards.check_live(ledger, home)
            guards.check_tickers(ledger, market.panel.tickers, home)
            keep(config, home, ledger)
            day = market.panel.sessions[origin].date()
            evening = Evening(
                config=config,
                panels=Panels(market, config),
                origin=origin,
                clock=clock,
                vintage=market.vintage,
                data_hash=Hashes(market.bars).until(pd.Timestamp(market.panel.sessions[origin])),
                ledger=ledger,
                standing=Standing(home),
                told=market.told,
                conditions=(room(home, short), guards.ahead(ledger, day)),
                short_of_room=short,
                progress=progress,
            )
            progress.stage(f"the evening of {day}")
            summary = run_evening(evening, if_due=if_due)
            note_head(home, ledger.head())
            if not summary.over:
                adopt(config, home)
                write_report(home, evening, summary)
    return summary
