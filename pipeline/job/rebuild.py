"""Past forecasts rebuilt from the stored vintage of their bars, their settings and their model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import pandas as pd

from volcast.models.baselines.catalogue import NETWORK
from volcast.models.forecast_intervals import ERROR_COLUMNS
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import LedgerError, RegistryError, VolcastError
from volcast.pipeline.home import Home
from volcast.pipeline.job.challenger import fit_har
from volcast.pipeline.job.config_archive import read_archived_config
from volcast.pipeline.job.forecasts import (
    FittedModel,
    forecast_cells,
    forecast_with_network,
    list_levels,
)
from volcast.pipeline.job.market import BarHashes, hash_market, load_market
from volcast.pipeline.job.origins import find_first_origin_after
from volcast.pipeline.job.panel_cache import PanelCache
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.rebuild_check import Rebuilder
from volcast.pipeline.ledger.records import ForecastRow
from volcast.pipeline.registry.model_folder import StoredModel

CACHED_VINTAGES = 4  # panels in memory
NO_ERRORS = pd.DataFrame(columns=ERROR_COLUMNS)  # only the variance is compared
CACHED_ORIGINS = 16  # each with the forecasts of one model

Value = TypeVar("Value")


class Vintage(NamedTuple):
    """Names what a forecast was made from: when its bars were fetched, and the settings' hash."""

    fetched: dt.datetime
    config_hash: str


class VintageData(NamedTuple):
    """The settings of a vintage, the panels of its bars, and the hashes of the bars."""

    config: Config
    panels: PanelCache
    hashes: BarHashes


Variances: TypeAlias = dict[tuple[str, int], float]  # by ticker and horizon


def make_rebuilder(home: Home) -> Rebuilder:
    """Return a function that rebuilds a forecast of this home and returns its variance.

    The function raises

    - ``LedgerError`` if the bars or the settings of that day are not available, the bars are not
      those that the forecast was made from, or it was made by a version of volcast without a level;
    - ``RegistryError`` if the version that made it was removed, or its folder is damaged.
    """
    return _ForecastRebuilder(home).rebuild


class _ForecastRebuilder:
    """Rebuilds forecasts of a home; bars, models and forecasts are read once for many rows."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._registry_view = RegistryView(home)
        self._data = _cache(CACHED_VINTAGES)(self._load_data)
        self._hashes = _cache(CACHED_ORIGINS)(self._compute_hashes)
        self._stored = _cache(CACHED_ORIGINS)(self._read_stored_hashes)
        self._variances = _cache(CACHED_ORIGINS)(self._forecast)

    def rebuild(self, row: ForecastRow) -> float:
        """Return the variance of a forecast made again; NaN if there is none for its target."""
        if np.isnan(row.level_factor):
            raise LedgerError(
                "it was written by a version of volcast that measured variance in another way"
            )
        vintage, day = Vintage(row.data_vintage, row.config_hash), pd.Timestamp(row.origin)
        if not self._has_same_bars(vintage, day):
            data = self._data(vintage).config.data
            raise LedgerError(
                f"the bars of {data.path or data.source}, as they were known then, differ from "
                "those that the forecast used"
            )
        variances = self._variances(vintage, day, row.model, row.model_version)
        return variances.get((row.ticker, row.horizon), float(np.nan))

    def _has_same_bars(self, vintage: Vintage, day: pd.Timestamp) -> bool:
        """Return whether the bars of every ticker of a vintage are those of its forecasts.

        A forecast uses the bars of the other tickers too: market features and the panel's level.
        """
        hashes = self._hashes(vintage, day)
        return all(hashes.get(ticker) == stored for ticker, stored in self._stored(vintage, day))

    def _read_stored_hashes(self, vintage: Vintage, day: pd.Timestamp) -> set[tuple[str, str]]:
        """Return ticker and hash of its bars, of all forecasts of a vintage and day."""
        columns = ["ticker", "data_hash", "data_vintage"]
        with Ledger.to_read(self._home.ledger) as ledger:
            rows = ledger.table("forecasts", RowFilter(origin=day.date()), columns=columns)
        rows = rows[rows["data_vintage"] == pd.Timestamp(vintage.fetched)]
        return set(zip(rows["ticker"], rows["data_hash"], strict=True))

    def _load_data(self, vintage: Vintage) -> VintageData:
        archived = read_archived_config(self._home, vintage.config_hash)
        config = _pin_to_vintage(archived, vintage.fetched)
        market = load_market(config, vintage.fetched)
        return VintageData(config, PanelCache(market, config), hash_market(market, config))

    def _compute_hashes(self, vintage: Vintage, day: pd.Timestamp) -> dict[str, str]:
        data = self._data(vintage)
        return data.hashes.until(day) if day in data.panels.current.sessions else {}

    def _forecast(self, vintage: Vintage, day: pd.Timestamp, model: str, version: str) -> Variances:
        config, panels, _ = self._data(vintage)
        levels = list_levels(config)
        if model == NETWORK:
            network = self._load_network(int(version))
            cells = forecast_with_network(network, panels, day, NO_ERRORS, levels)
        else:
            panel = panels.current
            origin = int(panel.sessions.get_indexer(pd.DatetimeIndex([day]))[0])
            har, bounds = fit_har(panel, config, find_first_origin_after(panel, version))
            cells = forecast_cells(FittedModel(har, bounds, NO_ERRORS), panel, origin, levels)
        return {(cell.ticker, cell.horizon): cell.variance for cell in cells}

    def _load_network(self, number: int) -> StoredModel:
        view = self._registry_view
        versions = [each for each in view.registry.versions() if each.number == number]
        if not versions:
            # Without the number, so that all removed versions count as one reason.
            raise RegistryError("its model version was removed from the registry")
        return view.load(versions[0])


def _pin_to_vintage(config: Config, fetched: dt.datetime) -> Config:
    """Return the settings with the stored bars read as they were known at a moment."""
    data = config.data.model_copy(update={"as_of": fetched})
    return config.model_copy(update={"data": data})


def _cache(size: int) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Return a decorator that caches a function's last results, and its errors too."""

    def decorate(compute: Callable[..., Value]) -> Callable[..., Value]:
        @lru_cache(maxsize=size)
        def compute_or_fail(*key: Any) -> tuple[Value | None, VolcastError | None]:
            try:
                return compute(*key), None
            except VolcastError as error:
                return None, error

        def cached(*key: Any) -> Value:
            value, error = compute_or_fail(*key)
            if error is not None:
                raise error.with_traceback(None)
            return value  # type: ignore[return-value]

        return cached

    return decorate
