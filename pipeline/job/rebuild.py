"""A past forecast made again from the stored vintage of its bars, its settings and its model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from volcast.models.baselines.catalogue import NETWORK
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import LedgerError, RegistryError, VolcastError
from volcast.pipeline.home import Home
from volcast.pipeline.job.challenger import first_after, fitted_har
from volcast.pipeline.job.config_archive import kept
from volcast.pipeline.job.forecasts import cells, network_cells
from volcast.pipeline.job.market import BarHashes, load_market
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.ledger.rebuild_check import Rebuild
from volcast.pipeline.ledger.records import ForecastRow
from volcast.pipeline.registry.model_folder import StoredModel

VINTAGES_KEPT = 4  # panels in memory
EVENINGS_KEPT = 16  # what each model says of an evening

Value = TypeVar("Value")


def rebuilder(home: Home) -> Rebuild:
    """Return what makes a forecast of this home again.

    Raises
    ------
    LedgerError
        The bars or the settings of then are not to be had, or the bars are not what the forecast
        was made from.
    RegistryError
        The version that made it was removed, or its folder is damaged.
    """
    registry_view = RegistryView(home)

    @_remembered(VINTAGES_KEPT)
    def market(vintage: dt.datetime, settings: str) -> tuple[Config, PanelCache, BarHashes]:
        config = as_known_at(kept(home, settings), vintage)
        found = load_market(config, vintage)
        return config, PanelCache(found, config), BarHashes(found.bars)

    @_remembered(EVENINGS_KEPT)
    def hashes_until(vintage: dt.datetime, settings: str, day: pd.Timestamp) -> dict[str, str]:
        _, panels, hashes = market(vintage, settings)
        return hashes.until(day) if day in panels.own.sessions else {}

    def stored(number: int) -> StoredModel:
        # One reason for all that were removed: who counts reasons need not meet each number.
        found = [each for each in registry_view.registry.versions() if each.number == number]
        if not found:
            raise RegistryError("the version that made it was removed from the registry")
        return registry_view.model(found[0])

    @_remembered(EVENINGS_KEPT)
    def context(
        vintage: dt.datetime, settings: str, day: pd.Timestamp, model: str, version: str
    ) -> dict[tuple[str, int], float]:
        config, panels, _ = market(vintage, settings)
        panel, level = panels.own, config.report.interval
        if model == NETWORK:
            made = network_cells(stored(int(version)), panels, day, level)
        else:
            origin = int(panel.sessions.get_indexer(pd.DatetimeIndex([day]))[0])
            har, bounds = fitted_har(panel, config, first_after(panel, version))
            made = cells(har, bounds, {}, panel, origin, level)
        return {(cell.ticker, cell.horizon): cell.variance for cell in made}

    def again(row: ForecastRow) -> float:
        vintage, settings, day = row.data_vintage, row.config_hash, pd.Timestamp(row.origin)
        if hashes_until(vintage, settings, day).get(row.ticker) != row.data_hash:
            data = market(vintage, settings)[0].data
            raise LedgerError(
                f"the bars of {data.path or data.source}, as they were known then, are not those "
                "that the forecast was made from"
            )
        made = context(vintage, settings, day, row.model, row.model_version)
        return made.get((row.ticker, row.horizon), float(np.nan))

    return again


def as_known_at(config: Config, vintage: dt.datetime) -> Config:
    """Return the settings with the store read as it was known at a moment."""
    data = config.data.model_copy(update={"as_of": vintage})
    return config.model_copy(update={"data": data})


def _remembered(size: int) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Return what keeps a function's last answers, and its errors: every row asks anew."""

    def remembering(make: Callable[..., Value]) -> Callable[..., Value]:
        @lru_cache(maxsize=size)
        def tried(*key: Any) -> tuple[Value | None, VolcastError | None]:
            try:
                return make(*key), None
            except VolcastError as error:
                return None, error

        def known(*key: Any) -> Value:
            value, error = tried(*key)
            if error is not None:
                raise error.with_traceback(None)
            return value  # type: ignore[return-value]

        return known

    return remembering
