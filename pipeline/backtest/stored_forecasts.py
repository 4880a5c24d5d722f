"""The forecast table of a run with its volatility columns, read in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from volcast.pipeline.backtest.forecast_file import count_rows, list_horizons, read_horizon
from volcast.pipeline.backtest.volatility_columns import add_volatility
from volcast.pipeline.config.settings import Config
from volcast.pipeline.memory import release_memory
from volcast.reports.scoring.horizon_forecasts import (
    KEY_COLUMNS,
    FrameForecasts,
    HorizonForecasts,
)

HELD_ROWS = 500_000  # of a file; the models of a horizon are then read at once


class StoredHorizon:
    """The forecasts of one horizon (`HorizonForecasts`), read from the file of a run.

    Parameters
    ----------
    path
        The file, sorted by horizon, model, ticker and origin.
    horizon
        In sessions.
    config
        The settings of the run.
    columns
        Those of a model that are read, volatility columns apart; all by default.
    """

    def __init__(
        self, path: Path, horizon: int, config: Config, columns: Sequence[str] | None = None
    ) -> None:
        self._path, self._horizon, self._config, self._columns = path, horizon, config, columns

    def read_keys(self) -> pd.DataFrame:
        """Return `KEY_COLUMNS` of all models."""
        return read_horizon(self._path, self._horizon, KEY_COLUMNS)

    def read_model(self, model: str) -> pd.DataFrame:
        """Return one model, with its volatility columns."""
        table = read_horizon(self._path, self._horizon, self._columns, model)
        return add_volatility(table, self._config)


def open_horizon(
    path: Path, horizon: int, config: Config, columns: Sequence[str] | None = None
) -> HorizonForecasts:
    """Return the forecasts of one horizon, held if the file is small; see `StoredHorizon`."""
    if count_rows(path) > HELD_ROWS:
        return StoredHorizon(path, horizon, config, columns)
    return FrameForecasts(add_volatility(read_horizon(path, horizon, columns), config))


class StoredForecasts:
    """The horizons of the forecast table of a run, the shortest first.

    Parameters
    ----------
    path
        The file.
    config
        The settings of the run.
    """

    def __init__(self, path: Path, config: Config) -> None:
        self._path, self._config = path, config

    def __iter__(self) -> Iterator[HorizonForecasts]:
        """Yield the horizons, each opened when it is asked for."""
        for horizon in list_horizons(self._path):
            release_memory()
            yield open_horizon(self._path, horizon, self._config)
