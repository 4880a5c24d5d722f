"""A block of the tickers of a grid, whose features are computed without those of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from volcast.features._typing import BoolArray, FloatArray
from volcast.features.bar_checks import GRIDS
from volcast.features.bars import Bars


@dataclass(frozen=True, eq=False, kw_only=True)
class TickerBlock(Bars):
    """Some tickers of a grid. What depends on all its tickers is read from the whole grid.

    Parameters
    ----------
    whole
        The grid.
    columns
        The positions of these tickers in it.
    """

    whole: Bars
    columns: slice

    def average_market(self, name: str) -> FloatArray:
        """Return the mean of a grid over all tickers in the market, (T, 1)."""
        return self.whole.average_market(name)

    @cached_property
    def variance(self) -> FloatArray:
        """(T, N) daily variance."""
        return self._select("variance")

    @cached_property
    def log_return(self) -> FloatArray:
        """(T, N) log return."""
        return self._select("log_return")

    @cached_property
    def level_factor(self) -> FloatArray:
        """(T, N) factor to the level of close-to-close returns, shrunk to that of all tickers."""
        return self._select("level_factor")

    @cached_property
    def in_market(self) -> BoolArray:
        """(T, N) whether a ticker counts in means over the tickers of the exchange."""
        return np.asarray(self.whole.in_market[:, self.columns])

    def _select(self, name: str) -> FloatArray:
        return np.asarray(getattr(self.whole, name)[:, self.columns])


def split_tickers(bars: Bars, size: int) -> Iterator[Bars]:
    """Yield blocks of at most `size` tickers, in order; a smaller grid is yielded as it is."""
    if len(bars.tickers) <= size:
        yield bars
        return
    shared = {field.name: getattr(bars, field.name) for field in fields(Bars)}
    for first in range(0, len(bars.tickers), size):
        columns = slice(first, min(first + size, len(bars.tickers)))
        own = {name: shared[name][:, columns] for name in GRIDS}
        own |= {"tickers": bars.tickers[columns], "realized_used": bars.uses_realized[columns]}
        yield TickerBlock(**shared | own, whole=bars, columns=columns)
