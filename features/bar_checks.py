"""The rules of a grid of bars: its axes, its prices, and one bar a ticker and session."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

from volcast.features.variance import PROXIES

PRICES = ("open", "high", "low", "close", "adj_close")
GRIDS = (*PRICES, "volume", "realized")


class Grid(Protocol):
    """What the rules read besides the grids of `GRIDS`; see `volcast.features.bars.Bars`."""

    @property
    def sessions(self) -> pd.DatetimeIndex:
        """The dates, (T,)."""
        ...

    @property
    def tickers(self) -> tuple[str, ...]:
        """N names."""
        ...

    @property
    def proxy(self) -> str:
        """The variance proxy."""
        ...


def check_axes(bars: Grid) -> None:
    """Raise ``ValueError`` unless sessions, tickers, shapes and proxy are consistent."""
    rows, columns = len(bars.sessions), len(bars.tickers)
    if rows == 0 or columns == 0:
        raise ValueError(
            f"bars need at least one session and one ticker, got {rows} sessions and "
            f"{columns} tickers"
        )
    if not (bars.sessions.is_monotonic_increasing and bars.sessions.is_unique):
        raise ValueError("sessions must be strictly increasing; sort them and drop duplicates")
    wanted: dict[str, tuple[int, ...]] = dict.fromkeys(GRIDS, (rows, columns))
    wanted |= {"days_since_previous": (rows,), "days_to_next": (rows,)}
    for name, shape in wanted.items():
        if getattr(bars, name).shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {getattr(bars, name).shape}")
    if bars.proxy not in PROXIES:
        raise ValueError(f"unknown variance proxy {bars.proxy!r}; choose from {list(PROXIES)}")


def check_values(bars: Grid, name: str) -> None:
    """Raise ``ValueError`` at the first infinite number, or price that is not above 0."""
    values = getattr(bars, name)
    wrong = np.isinf(values)
    if name in PRICES:
        wrong |= values <= 0
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"{name} of {bars.tickers[column]} on {bars.sessions[row].date()} is "
            f"{values[row, column]:g}; prices must be above 0 and every number finite: "
            "reject the bar or replace the number by NaN"
        )


def check_cells(frame: pd.DataFrame, row: np.ndarray, cell: np.ndarray) -> None:
    """Raise ``ValueError`` if a bar lies outside the calendar, or if two bars share a cell."""
    keys = ["ticker", "session"]
    if (row < 0).any():
        ticker, session = frame[keys].iloc[np.flatnonzero(row < 0)[0]]
        raise ValueError(
            f"{ticker} has a bar on {session}, which is not a session of the given calendar; "
            "drop the bar or give the calendar of the ticker's exchange"
        )
    if np.bincount(cell, minlength=1).max() > 1:
        duplicated = pd.Series(cell).duplicated().to_numpy()
        ticker, session = frame[keys].iloc[np.flatnonzero(duplicated)[0]]
        raise ValueError(f"{ticker} has two bars on {session}; keep one per ticker and session")
