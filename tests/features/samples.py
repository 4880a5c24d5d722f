"""Bars for tests: seeded random walks with gaps, and single bars from lists."""

import numpy as np
import pandas as pd

from volcast.features.bar_checks import GRIDS
from volcast.features.bars import Bars
from volcast.features.exogenous_series import ExogenousSeries
from volcast.features.known_reports import NEVER, KnownReports

LATE_LISTING_ROW = 120
SESSIONS, TICKERS = 330, 4
MONTH_AND_MORE, QUARTER = 25, 62  # sessions between reports
PLANNED = 100  # sessions after the data
SERIES = ("^A", "^B")  # names of exogenous series


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
        reports=random_reports(sessions, columns, rng),
        series={name: random_series(rows, rng) for name in SERIES},
        **grids,
    )


def random_reports(
    sessions: pd.DatetimeIndex, columns: int, rng: np.random.Generator
) -> KnownReports:
    """Reports of unknown and known times, announced early, late and not at all.

    Some are moved, some confirmed by a second version, some on a day without a session. The first
    ticker has many, the last one none, the others one a quarter, so that the next one can be
    estimated.
    """
    calendar = sessions.append(pd.bdate_range(sessions[-1], periods=PLANNED + 1)[1:])
    calendar = calendar.to_numpy("datetime64[D]")
    rows, last = [], len(calendar) - 2
    for column in range(columns - 1):
        spacing = MONTH_AND_MORE if column == 0 else QUARTER
        for session in range(4 + 3 * column, last - MONTH_AND_MORE, spacing):
            first = session + int(rng.integers(0, 5))
            second = first + int(rng.integers(0, 2))
            learnt = max(first - int(rng.integers(-3, 24)), 0)
            changed = rng.random() < 0.5
            until = learnt + int(rng.integers(1, 26)) if changed else NEVER
            after_close = first == second and rng.random() < 0.5
            day = calendar[first - after_close] - (rng.random() < 0.1)
            rows.append((column, first, second, day.astype(int), learnt, until))
            if changed:
                moved = rng.random() < 0.5
                first += int(rng.integers(-3, 6)) if moved else 0
                day = calendar[first] if moved else day
                rows.append((column, first, first, day.astype(int), until, NEVER))
    column, first, second, day, known_from, known_until = np.array(rows).T
    return KnownReports(
        column=column,
        first=first,
        second=second,
        day=day.astype("datetime64[D]"),
        known_from=known_from,
        known_until=known_until,
        calendar=calendar,
    )


def random_series(rows: int, rng: np.random.Generator) -> ExogenousSeries:
    """Closes that begin before the grid; some sessions learn of two, some of none for a week."""
    known_from = np.sort(rng.integers(-30, rows, rows + 20))
    known_from = known_from[(known_from < rows // 2) | (known_from > rows // 2 + 8)]
    moves = rng.normal(0.0, 0.06, len(known_from))
    return ExogenousSeries(20.0 * np.exp(np.cumsum(moves)), known_from)


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
