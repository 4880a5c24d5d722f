"""Predicates that compare a bar with its neighbours: the ticker's bars before and after it.

A departure counts if it is large both in absolute terms and in units of the ticker's usual daily
move before the row. On a day of many times the usual volume, or on which most tickers have wide
ranges, prices may move further: news raise the volume, and an error does not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.pipeline.data.quality.history import (
    USUAL_ROWS,
    Flags,
    Float,
    History,
    Rows,
    find_quantile,
)

LONGEST_RUN = 5  # rows that leave the level of the price together and come back
SIGMAS = 10.0  # usual daily moves, beyond which an ordinary day does not go
RETURNING, RETURNING_WIDEST = 0.1, 2.0  # smallest departure in logs; largest widening factor
SPIKE, SPIKE_WIDEST = 0.2, 10.0  # the same of an open, a high or a low
ADJUSTMENT = 0.1  # smallest change of adj_close / close in logs that is judged
GAP = 0.15  # smallest gap in logs that is judged
UNEXPLAINED = float(np.log(3.0))  # where nothing is usual yet; and of the newest bar
IMPOSSIBLE = float(np.log(8.0))  # no news moves the price so far overnight, whatever the volume
SPLITS = np.log([1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20])  # beyond, any factor is near a split's
SPLIT_ERROR, SPLIT_ERROR_MOVES = 0.01, 2.0  # of a gap, in logs and in usual daily moves
USUAL_RANGE, USUAL_VOLUME = 3.0, 3.0  # times the median; beyond, the session is not ordinary
NEWEST_ROWS = 130  # of each ticker, from which its newest bar is judged
BAR = ("open", "high", "low", "close", "adj_close", "volume")


def returning_price(bars: pd.DataFrame) -> Flags:
    """Flag up to `LONGEST_RUN` rows whose closes leave the level of the rows around them together.

    All of their closes lie, beyond the limit, on one side of the last close before them and of the
    first open and close after them.
    """
    history = History.from_bars(bars)
    starts = np.flatnonzero(np.abs(history.log_return) > RETURNING)
    limit = _limit(history, starts, RETURNING, RETURNING_WIDEST)
    flags = np.zeros(len(bars), dtype=bool)
    for length in range(1, LONGEST_RUN + 1):
        run = history.window(history.close, starts, range(length))
        after = range(length, length + 1)
        around = (
            history.previous_close[starts],
            history.window(history.open, starts, after)[:, 0],
            history.window(history.close, starts, after)[:, 0],
        )
        above = run.min(axis=1) - np.maximum.reduce(around)
        below = np.minimum.reduce(around) - run.max(axis=1)
        found = starts[np.maximum(above, below) > limit]
        for offset in range(length):
            flags[found + offset] = True
    return flags


def price_spike(bars: pd.DataFrame) -> Flags:
    """Flag an open, high or low far from the closes of its row, the one before and the one after.

    In the first row of a ticker nothing is flagged: the price of a new listing is found that day.
    """
    history = History.from_bars(bars)
    closes = (history.previous_close, history.close, history.shift(history.close, 1))
    highest, lowest = np.fmax.reduce(closes), np.fmin.reduce(closes)
    away = np.maximum(
        np.maximum(history.open, history.high) - highest,
        lowest - np.minimum(history.open, history.low),
    )
    rows = np.flatnonzero((away > SPIKE) & np.isfinite(history.previous_close))
    flags = np.zeros(len(bars), dtype=bool)
    flags[rows] = away[rows] > _limit(history, rows, SPIKE, SPIKE_WIDEST)
    return flags


def unexplained_gap(bars: pd.DataFrame) -> Flags:
    """Flag a gap beyond `SIGMAS` usual moves into a session of usual range and volume.

    Beyond `IMPOSSIBLE` the session need not be usual.
    """
    history = History.from_bars(bars)
    rows = _find_unexplained_gaps(history)
    flags = np.zeros(len(bars), dtype=bool)
    flags[rows] = True
    return flags


def split_gap(bars: pd.DataFrame) -> Flags:
    """Flag an `unexplained_gap` by the factor of a split, or a gap that adj_close alone has.

    A factor beyond the largest of `SPLITS` counts as one. adj_close has a gap of its own if a
    change of adj_close / close makes the move of the close larger instead of smaller.
    """
    history = History.from_bars(bars)
    rows = _find_unexplained_gaps(history)
    gap = np.abs(history.open - history.previous_close)[rows]
    error = SPLIT_ERROR + SPLIT_ERROR_MOVES * np.nan_to_num(history.usual_move(rows))
    nearest = np.abs(gap[:, None] - SPLITS).min(axis=1)
    change = history.factor - history.shift(history.factor, -1)
    unadjusted_return = history.log_return - change
    flags = np.abs(change) > ADJUSTMENT
    flags &= np.abs(history.log_return) > np.abs(unadjusted_return)
    flags[rows[(nearest <= error) | (gap > SPLITS[-1])]] = True
    return np.asarray(flags)


def convert_volume(bars: pd.DataFrame, splits: Flags) -> pd.DataFrame:
    """Return the bars with the volume from each split on in the shares of before it.

    A gap is taken for a change of the share, and not only of the price's unit, if the volume of its
    row is nearer the median before once it is converted. Rows before a split stay as they are, so
    that no value changes with what is known later.
    """
    rows = np.flatnonzero(splits)
    if not len(rows):
        return bars
    history = History.from_bars(bars)
    log_volume = np.log(history.volume)
    opened, close = np.log(bars["open"].to_numpy()), np.log(bars["close"].to_numpy())
    gap = (opened - history.shift(close, -1))[rows]
    usual = find_quantile(history.window(log_volume, rows, range(-USUAL_ROWS, 0)), 0.5)
    surge = log_volume[rows] - usual
    log_factor = np.zeros(len(bars))
    log_factor[rows] = np.where(np.abs(surge + gap) < np.abs(surge), gap, 0.0)
    factor = np.exp(pd.Series(log_factor).groupby(history.ticker).cumsum().to_numpy())
    return bars.assign(volume=bars["volume"] * factor)


def repeated_bar(bars: pd.DataFrame) -> Flags:
    """Flag a row with a range and with the prices and the volume of the row before."""
    flags = (bars["high"] > bars["low"]).to_numpy(copy=True)
    for name in BAR:
        values = bars[name].fillna(0.0).to_numpy()
        flags[1:] &= values[1:] == values[:-1]
    return np.asarray(flags & bars["ticker"].duplicated().to_numpy())


def unjudged_bar(bars: pd.DataFrame) -> Flags:
    """Flag a bar of the calendar's newest session that contradicts the bars before it.

    It is any of the contradictions that need no bar after it, or a move beyond `UNEXPLAINED`
    without a surge in volume. The next bar decides.
    """
    from_end = bars.groupby("ticker", sort=False).cumcount(ascending=False).to_numpy()
    newest = bars["session"] == bars.groupby("calendar")["session"].transform("max")
    flags = np.asarray(newest.to_numpy() & (from_end == 0))
    recent = bars[from_end < NEWEST_ROWS]
    found = _jump_without_volume(recent)
    for predicate in (price_spike, split_gap, repeated_bar):
        found |= predicate(recent)
    flags[from_end < NEWEST_ROWS] &= found
    return flags


def _limit(history: History, rows: Rows, smallest: float, widest: float) -> Float:
    """Return the departure in logs beyond which some rows contradict their neighbours.

    Volume and market widen it up to `widest` times. `UNEXPLAINED` where nothing is usual yet.
    """
    activity = np.fmax(history.volume_surge(rows), 1.0) * np.fmax(
        history.market_activity[rows], 1.0
    )
    usual = SIGMAS * np.minimum(activity, widest) * history.usual_move(rows)
    return np.where(np.isfinite(usual), np.maximum(smallest, usual), UNEXPLAINED)


def _find_unexplained_gaps(history: History) -> Rows:
    gap = np.abs(history.open - history.previous_close)
    rows = np.flatnonzero(gap > GAP)
    ranges = (history.high - history.low)[rows]
    large = gap[rows] > _limit(history, rows, GAP, 1.0)
    calm = ranges <= USUAL_RANGE * np.nan_to_num(history.usual_range(rows)) + SPLIT_ERROR
    ordinary = calm & ~(history.volume_surge(rows) > USUAL_VOLUME)
    return rows[large & (ordinary | (gap[rows] > IMPOSSIBLE))]


def _jump_without_volume(bars: pd.DataFrame) -> Flags:
    history = History.from_bars(bars)
    rows = np.flatnonzero(np.abs(history.log_return) > UNEXPLAINED)
    flags = np.zeros(len(bars), dtype=bool)
    flags[rows] = ~(history.volume_surge(rows) > USUAL_VOLUME)
    return flags
