"""A catalogue of corrupt bars: what feeds have been seen to deliver, each for one ticker.

A corruption takes a ticker's bars, a position and a generator, and returns the bars with an error
at that position (or from it on).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

PRICES = ["open", "high", "low", "close", "adj_close"]
Corruption = Callable[[pd.DataFrame, int], pd.DataFrame]


def scale(factor: float, columns: list[str] = PRICES, rows: int = 1) -> Corruption:
    """Return the corruption that multiplies some columns of some rows."""

    def corrupt(bars: pd.DataFrame, at: int) -> pd.DataFrame:
        places = bars.index[at : at + rows]
        return bars.assign(
            **{c: bars[c].where(~bars.index.isin(places), bars[c] * factor) for c in columns}
        )

    return corrupt


def unadjusted_split(factor: float) -> Corruption:
    """Return the corruption that leaves the rows before a split as they were traded."""

    def corrupt(bars: pd.DataFrame, at: int) -> pd.DataFrame:
        before = pd.Series(np.arange(len(bars)) < at, bars.index)
        prices = {name: bars[name].mask(before, bars[name] * factor) for name in PRICES}
        return bars.assign(**prices, volume=bars["volume"].mask(before, bars["volume"] / factor))

    return corrupt


def dividend_as_split(factor: float) -> Corruption:
    """Return the corruption that divides adj_close before a day, as if there had been a split."""

    def corrupt(bars: pd.DataFrame, at: int) -> pd.DataFrame:
        before = pd.Series(np.arange(len(bars)) < at, bars.index)
        return bars.assign(adj_close=bars["adj_close"].mask(before, bars["adj_close"] / factor))

    return corrupt


def repeat_row(rows: int) -> Corruption:
    """Return the corruption that repeats a row in the next ones."""

    def corrupt(bars: pd.DataFrame, at: int) -> pd.DataFrame:
        bars = bars.copy()
        columns = [*PRICES, "volume"]
        bars.loc[bars.index[at : at + rows], columns] = bars[columns].iloc[at - 1].to_numpy()
        return bars

    return corrupt


def swap(first: str, second: str) -> Corruption:
    """Return the corruption that exchanges two columns of a row."""

    def corrupt(bars: pd.DataFrame, at: int) -> pd.DataFrame:
        bars, row = bars.copy(), bars.index[at]
        bars.loc[row, [first, second]] = bars.loc[row, [second, first]].to_numpy()
        return bars

    return corrupt


def set_price(value: float, columns: list[str]) -> Corruption:
    """Return the corruption that sets some columns of a row."""

    def corrupt(bars: pd.DataFrame, at: int) -> pd.DataFrame:
        return bars.assign(
            **{c: bars[c].where(bars.index != bars.index[at], value) for c in columns}
        )

    return corrupt


def add_weekend_row(bars: pd.DataFrame, at: int) -> pd.DataFrame:
    """Add a row on the Saturday after a day, 40 % above it."""
    row = bars.iloc[[at]].copy()
    day = row["session"].iloc[0]
    row["session"] = day + pd.Timedelta(days=5 - day.weekday())
    row[PRICES] *= 1.4
    return pd.concat([bars, row]).sort_values("session", ignore_index=True)


def swap_digits(bars: pd.DataFrame, at: int) -> pd.DataFrame:
    """Exchange the first two digits of the high, upwards."""
    high = bars["high"].iloc[at]
    power = 10.0 ** np.floor(np.log10(high))
    first, second = int(high / power), int(high / (power / 10)) % 10
    swapped = high + (second - first) * power + (first - second) * power / 10
    return set_price(swapped, ["high"])(bars, at)


CORRUPTIONS: dict[str, Corruption] = {
    "a row at 1/100": scale(0.01),
    "three rows in pence": scale(100.0, rows=3),
    "a row in another currency, 1.35": scale(1.35),
    "close and low at 1/10": scale(0.1, ["low", "close", "adj_close"]),
    "open and low at 1/10": scale(0.1, ["open", "low"]),
    "high times 10": scale(10.0, ["high"]),
    "high times 1.35": scale(1.35, ["high"]),
    "low in another currency, 1/80": scale(1 / 80, ["low"]),
    "adj_close of a row times 1.5": scale(1.5, ["adj_close"]),
    "a dividend taken for a split 1.5:1": dividend_as_split(1.5),
    "an unadjusted split 190:1": unadjusted_split(190.0),
    "an unadjusted split 3:2": unadjusted_split(1.5),
    "an unadjusted reverse split 1:10": unadjusted_split(0.1),
    "ten repeated rows": repeat_row(10),
    "a row on a Saturday": add_weekend_row,
    "high and low exchanged": swap("high", "low"),
    "close and volume exchanged": swap("close", "volume"),
    "a negative low": set_price(-1.0, ["low"]),
    "prices of zero": set_price(0.0, PRICES),
    "digits of the high exchanged": swap_digits,
}
