"""One evening of the daily job by hand, on the small settings."""

from __future__ import annotations

import pandas as pd

from volcast.pipeline.home import Home
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.market import BarHashes, Market
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.replay import find_settling_moment
from volcast.pipeline.ledger.ledger import Ledger

FIRST, EVERY, EVENINGS, SHADOW = 450, 12, 30, 36


def make_context(home, config, market: Market, ledger: Ledger, origin: int = FIRST) -> JobContext:
    day = pd.Timestamp(market.panel.sessions[origin])
    now = find_settling_moment(day, ["XNYS"])
    return JobContext(
        config=config,
        panels=PanelCache(market, config),
        origin=origin,
        clock=lambda: now,
        vintage=market.vintage,
        data_hash=BarHashes(market.bars).until(day),
        ledger=ledger,
        registry_view=RegistryView(home),
    )


def table(home: Home, name: str) -> pd.DataFrame:
    with Ledger.to_read(home.ledger) as ledger:
        return ledger.table(name)
