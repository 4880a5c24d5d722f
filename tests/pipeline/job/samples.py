"""One daily run on the small settings, and what tests of the job change about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd

from volcast.pipeline.config.settings import Config
from volcast.pipeline.home import Home
from volcast.pipeline.job.config_archive import write_archived_config
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.market import Market, hash_market
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.job.rebuild import make_rebuilder
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.replay import find_settling_time
from volcast.pipeline.job.summary import Summary
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.rebuild_check import rebuild_forecasts
from volcast.pipeline.ledger.verify import verify
from volcast.pipeline.panel.build import build_grids, build_panel
from volcast.pipeline.registry.promotion import Justification, promote
from volcast.pipeline.registry.registry import Registry

FIRST, EVERY, RUNS, SHADOW = 450, 12, 30, 36
NOW = dt.datetime(2024, 6, 3, 12, tzinfo=dt.UTC)


def make_context(
    home: Home, config: Config, market: Market, ledger: Ledger, origin: int = FIRST
) -> JobContext:
    day = pd.Timestamp(market.panel.sessions[origin])
    now = find_settling_time(day, ["XNYS"])
    return JobContext(
        config=config,
        panels=PanelCache(market, config),
        origin=origin,
        clock=lambda: now,
        vintage=market.vintage,
        data_hash=hash_market(market, config).until(day),
        ledger=ledger,
        registry_view=RegistryView(home),
    )


def run_next(home: Home, config: Config, market: Market, ledger: Ledger) -> Summary:
    """Run the cycle of the session after the first, with its settings archived."""
    write_archived_config(config, home, ledger)
    return run_daily_cycle(make_context(home, config, market, ledger, FIRST + 1))


def change_settings(config: Config, **sections: dict) -> Config:
    values = config.model_dump()
    for name, keys in sections.items():
        values[name] |= keys
    return type(config).model_validate(values)


def replace_bars(market: Market, bars: pd.DataFrame, config: Config) -> Market:
    return replace(market, bars=bars, panel=build_panel(build_grids(bars, config), config))


def promote_manually(home: Home, ledger: Ledger, number: int, now: dt.datetime) -> None:
    promote(
        Registry(home), ledger, number, Justification.manual_override("Ann", "a trial"), now=now
    )


def interrupt(*_: object) -> None:
    """Replace a function: the process is killed when it is called."""
    raise KeyboardInterrupt


def verify_and_rebuild(ledger: Ledger, home: Home, newest: int | None = None) -> int:
    """Verify the ledger and rebuild its forecasts; return how many are identical, if all are."""
    verify(ledger)
    result = rebuild_forecasts(ledger, make_rebuilder(home), newest)
    result.check()
    return result.identical


def read_table(home: Home, name: str) -> pd.DataFrame:
    with Ledger.to_read(home.ledger) as ledger:
        return ledger.table(name)
