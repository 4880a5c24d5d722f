"""One evening of the daily job by hand, on the small settings."""

from __future__ import annotations

import pandas as pd

from pipeline.daily.bars import Hashes, Market
from pipeline.daily.evening import Evening
from pipeline.daily.panels import Panels
from pipeline.daily.replay import evening_of
from pipeline.daily.standing import Standing
from pipeline.home import Home
from pipeline.ledger.ledger import Ledger

FIRST, EVERY, EVENINGS, SHADOW = 450, 12, 30, 36


def an_evening(home, config, market: Market, ledger: Ledger, origin: int = FIRST) -> Evening:
    day = pd.Timestamp(market.panel.sessions[origin])
    now = evening_of(day, ["XNYS"])
    return Evening(
        config=config,
        panels=Panels(market, config),
        origin=origin,
        clock=lambda: now,
        vintage=market.vintage,
        data_hash=Hashes(market.bars).until(day),
        ledger=ledger,
        standing=Standing(home),
    )


def table(home: Home, name: str) -> pd.DataFrame:
    with Ledger.to_read(home.ledger) as ledger:
        return ledger.table(name)
