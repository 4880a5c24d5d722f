"""The forecasts of one horizon, of which one model is held at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import pandas as pd

from volcast.reports.scoring.scored_rows import CELL, add_losses, find_complete_rows, sort_rows

KEY_COLUMNS = [*CELL, "model", "target_end", "variance", "realized", "fallback", "short_history"]


class HorizonForecasts(Protocol):
    """The forecasts of all models for one horizon.

    Of thousands of tickers and many models one table of all would need gigabytes.
    """

    def read_keys(self) -> pd.DataFrame:
        """Return `KEY_COLUMNS` of all models, those that the forecast table has."""

    def read_model(self, model: str) -> pd.DataFrame:
        """Return all columns of one model, rows in the order of `read_keys`."""


class FrameForecasts:
    """The forecasts of one horizon from a table that is held; see `HorizonForecasts`.

    Parameters
    ----------
    forecasts
        The forecast table of docs/tables.md, of one horizon.
    """

    def __init__(self, forecasts: pd.DataFrame) -> None:
        self._forecasts = forecasts

    def read_keys(self) -> pd.DataFrame:
        """Return all models."""
        return self._forecasts

    def read_model(self, model: str) -> pd.DataFrame:
        """Return one model."""
        return self._forecasts[self._forecasts["model"] == model]


class ScoredModels(Mapping[str, pd.DataFrame]):
    """The rows of each model that are scored, as `scored_rows` of the whole horizon has them.

    A model is read whenever it is asked for.

    Parameters
    ----------
    forecasts
        Of all models.
    keys
        `forecasts.read_keys()`, if they were read already.
    """

    def __init__(self, forecasts: HorizonForecasts, keys: pd.DataFrame | None = None) -> None:
        self._forecasts = forecasts
        keys = forecasts.read_keys() if keys is None else keys
        complete, (model, names) = find_complete_rows(keys), pd.factorize(keys["model"])
        self._complete = {str(name): complete[model == code] for code, name in enumerate(names)}

    def __getitem__(self, model: str) -> pd.DataFrame:
        """Return the scored rows of a model with their losses, sorted by ticker and origin."""
        complete = self._complete[model]
        return sort_rows(add_losses(self._forecasts.read_model(model)[complete]))

    def __contains__(self, model: object) -> bool:
        return model in self._complete  # without reading it

    def batch(self, rows: int) -> Iterator[list[str]]:
        """Yield the models in lists, each of about so many rows or of one model."""
        some: list[str] = []
        for model in self:
            some.append(model)
            if len(some) * int(self._complete[model].sum()) >= rows:
                yield some
                some = []
        if some:
            yield some

    def __iter__(self) -> Iterator[str]:
        return iter(self._complete)

    def __len__(self) -> int:
        return len(self._complete)
