"""Bars for tests: seeded random walks with gaps, and single bars from lists."""

import numpy as np
import pandas as pd

from volcast.features.bars import GRIDS, Bars

LATE_LISTING_ROW = 120
SESSIONS, TICKERS = 330, 4


def calendar_days(sessions: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    gaps = np.diff(sessions.to_numpy()) / np.timedelta64(1, "D")
    return np.r_[3.0, gaps], np.r_[gaps, 1.0]


def random_bars(rows: int = SESSIONS, columns: int = TICKERS, seed: int = 3) -> Bars:
    """Bars with missing days, zero volumes, a late listing, dividends and one realised ticker."""
    rng = np.random.default_rng(seed)
    shape = (rows, columns)
    sd = 0.012 * np.exp(0.5 * rng.normal(size=shape))
    step = sd * rng.normal(size=shape)
    close = 40.0 * np.exp(np.cumsum(step, axis=0))
    open_ = close * np.exp(-step * rng.uniform(0.2, 1.1, shape))
    grids = {
        "open": open_,
        "high": np.maximum(open_, close) * np.exp(0.5 * sd * rng.random(shape)),
        "low": np.minimum(open_, close) * np.exp(-0.5 * sd * rng.random(shape)),
        "close": close,
        "adj_close": close * np.where(np.arange(rows) < rows // 2, 0.98, 1.0)[:, None],
        "volume": np.exp(rng.normal(12.0, 0.4, shape)) * (rng.random(shape) > 0.03),
        "realized": np.full(shape, np.nan),
    }
    missing = rng.random(shape) < 0.03
    missing[rows // 2 : rows // 2 + 12, 0] = True
    missing[:LATE_LISTING_ROW, 1] = True
    for name in GRIDS:
        grids[name][missing] = np.nan
    grids["realized"][:, -1] = sd[:, -1] ** 2
    grids["realized"][rows // 3, -1] = 0.0
    sessions = pd.bdate_range("2019-01-01", periods=rows + rows // 20)
    sessions = sessions[np.sort(rng.permutation(len(sessions))[:rows])]  # some holidays
    since_previous, to_next = calendar_days(sessions)
    return Bars(
        sessions=sessions,
        tickers=tuple("ABCDEFGH"[:columns]),
        days_since_previous=since_previous,
        days_to_next=to_next,
        **grids,
    )


def bars_from_lists(adj_close: np.ndarray | None = None, **columns: list[float]) -> Bars:
    """Bars of one ticker from lists of open, high, low and close."""
    grids = {name: np.array(values, dtype=float)[:, None] for name, values in columns.items()}
    rows = len(grids["close"])
    sessions = pd.bdate_range("2024-01-01", periods=rows)
    since_previous, to_next = calendar_days(sessions)
    return Bars(
        sessions=sessions,
        tickers=("A",),
        adj_close=grids["close"] if adj_close is None else np.array(adj_close)[:, None],
        volume=np.full((rows, 1), 100.0),
        realized=np.full((rows, 1), np.nan),
        days_since_previous=since_previous,
        days_to_next=to_next,
        **grids,
    )
