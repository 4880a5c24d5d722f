"""A past forecast made again from the stored vintage of its bars, its settings and its model."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import numpy as np
import pandas as pd

from models.catalogue import NETWORK
from pipeline.config import Config
from pipeline.daily.bars import Hashes, market_of
from pipeline.daily.forecasting import cells, network_cells
from pipeline.daily.panels import Panels
from pipeline.daily.settings import kept
from pipeline.daily.standing import Standing
from pipeline.daily.training import first_after, fitted_har
from pipeline.errors import LedgerError
from pipeline.home import Home
from pipeline.ledger.records import ForecastRow
from pipeline.ledger.verification import Rebuild

VINTAGES_KEPT = 4  # panels in memory


def rebuilder(home: Home) -> Rebuild:
    """Return what makes a forecast of this home again.

    Raises
    ------
    LedgerError
        The bars or the settings of then are not to be had, or the bars are not what the forecast
        was made from.
    """
    standing = Standing(home)

    @lru_cache(maxsize=VINTAGES_KEPT)
    def market(vintage: dt.datetime, settings: str) -> tuple[Config, Panels, Hashes]:
        config = as_known(kept(home, settings), vintage)
        found = market_of(config, vintage)
        return config, Panels(found, config), Hashes(found.bars)

    def again(row: ForecastRow) -> float:
        config, panels, hashes = market(row.data_vintage, row.config_hash)
        panel, day = panels.own, pd.Timestamp(row.origin)
        origin = int(panel.sessions.get_indexer(pd.DatetimeIndex([day]))[0])
        if origin < 0 or hashes.until(day).get(row.ticker) != row.data_hash:
            raise LedgerError(
                f"the bars of {row.ticker} as they were known at {row.data_vintage:%Y-%m-%d %H:%M} "
                "are not those that the forecast was made from"
            )
        level = config.report.interval
        if row.model == NETWORK:
            version = standing.registry.version(int(row.model_version))
            made = network_cells(standing.model(version), panels, day, level)
        else:
            har, bounds = fitted_har(panel, config, first_after(panel, row.model_version))
            made = cells(har, bounds, {}, panel, origin, level)
        own = [c for c in made if (c.ticker, c.horizon) == (row.ticker, row.horizon)]
        return own[0].variance if own else float(np.nan)

    return again


def as_known(config: Config, vintage: dt.datetime) -> Config:
    """Return the settings with the store read as it was known at a moment."""
    data = config.data.model_copy(update={"as_of": vintage})
    return config.model_copy(update={"data": data})
