"""The quality rules: the description, the action and the flagged rows of each.

A predicate gets the bar table sorted by ticker and session, with one more column, ``calendar`` (the
name of the ticker's exchange calendar), and returns one flag a row. The rules are applied in their
order, each to the rows that the rules before it left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.quality import neighbours

Flags = NDArray[np.bool_]
Action = Literal["reject row", "hold row", "mask volume", "warn"]

REJECT: Final = "reject row"
HOLD: Final = "hold row"
BODY = ["open", "high", "low", "close"]
ROUNDING = 1e-6  # relative; prices stored as float32 are off by 6e-8, printed ones by more
STRAY = 0.01  # of a ticker's rows; with more, the calendar is wrong rather than the rows
LARGE_RETURN = (
    0.4  # absolute daily log return; beyond it an unadjusted split or spin-off is more likely
)


@dataclass(frozen=True)
class Rule:
    """One quality rule.

    Parameters
    ----------
    name
        The name in the quality table.
    description
        The note in the quality table.
    action
        What happens to the flagged rows.
    flags
        The predicate: one flag a row.
    masks
        The column that becomes NaN in flagged rows; None: none.
    sessions_after
        How many of the ticker's later bars may decide on a row, which `volcast verify` tests:
        whether a row is flagged is final only when they are known. None: the whole history, for a
        rule that judges tickers.
    corrects
        What else is changed: a function of the bars and the flags that returns bars of the same
        rows. It may change flagged rows and later ones, never an earlier one.
    """

    name: str
    description: str
    action: Action
    flags: Callable[[pd.DataFrame], Flags]
    masks: str | None = None
    sessions_after: int | None = 0
    corrects: Callable[[pd.DataFrame, Flags], pd.DataFrame] | None = None

    def apply(self, bars: pd.DataFrame, flags: Flags) -> pd.DataFrame:
        """Return the bars without the flagged rows, or with what the action makes of them."""
        if self.corrects is not None:
            bars = self.corrects(bars, flags)
        if self.action in (REJECT, HOLD):
            return pd.DataFrame(bars[~flags])
        if self.masks:
            return bars.assign(**{self.masks: bars[self.masks].mask(flags)})
        return bars


def missing_price(bars: pd.DataFrame) -> Flags:
    """Flag a NaN or infinite open, high, low or close."""
    return np.asarray(~np.isfinite(bars[BODY].to_numpy()).all(axis=1))


def non_positive_price(bars: pd.DataFrame) -> Flags:
    """Flag an open, high, low or close that is not above 0."""
    return np.asarray((bars[BODY].to_numpy() <= 0).any(axis=1))


def bad_adj_close(bars: pd.DataFrame) -> Flags:
    """Flag an adj_close that is missing, infinite or not above 0."""
    adjusted = bars["adj_close"].to_numpy()
    return np.asarray(~(np.isfinite(adjusted) & (adjusted > 0)))


def range_excludes_body(bars: pd.DataFrame) -> Flags:
    """Flag a range that does not contain open and close, beyond `ROUNDING`."""
    opened, high, low, close = bars[BODY].to_numpy().T
    with np.errstate(over="ignore"):
        above = np.maximum(opened, close) > high * (1 + ROUNDING)
        below = np.minimum(opened, close) * (1 + ROUNDING) < low
    return np.asarray(above | below | (low > high * (1 + ROUNDING)))


def duplicate_session(bars: pd.DataFrame) -> Flags:
    """Flag all rows of a ticker's session but the last."""
    return bars.duplicated(["ticker", "session"], keep="last").to_numpy()


def constant_price(bars: pd.DataFrame) -> Flags:
    """Flag every row of a ticker with several rows whose prices never move."""
    by_ticker = bars.groupby("ticker")
    highest = by_ticker["high"].transform("max")
    lowest = by_ticker["low"].transform("min")
    several = by_ticker["close"].transform("size") > 1
    return np.asarray((highest == lowest) & several)


def stray_session(bars: pd.DataFrame) -> Flags:
    """Flag an `unknown_session` of a ticker that has few: below `STRAY` of its rows."""
    unknown = unknown_session(bars)
    share = pd.Series(unknown).groupby(bars["ticker"].to_numpy()).transform("mean").to_numpy()
    return np.asarray(unknown & (share < STRAY))


def unknown_session(bars: pd.DataFrame) -> Flags:
    """Flag a date on which the ticker's exchange was closed."""
    known = np.zeros(len(bars), dtype=bool)
    for name, rows in bars.groupby("calendar").indices.items():
        dates = bars["session"].iloc[rows]
        known[rows] = dates.isin(sessions_between(str(name), dates.min(), dates.max()))
    return ~known


def zero_volume(bars: pd.DataFrame) -> Flags:
    """Flag a volume that is not a finite number above 0."""
    volume = bars["volume"].to_numpy()
    return np.asarray(~(np.isfinite(volume) & (volume > 0)))


def bad_variance(bars: pd.DataFrame) -> Flags:
    """Flag a realised variance of the source that is negative or infinite; NaN means none."""
    variance = bars["variance"].to_numpy()
    return np.asarray((variance < 0) | np.isinf(variance))


def flat_bar(bars: pd.DataFrame) -> Flags:
    """Flag a bar whose open, high, low and close are the same price."""
    prices = bars[BODY].to_numpy()
    return np.asarray(prices.max(axis=1) == prices.min(axis=1))


def large_return(bars: pd.DataFrame) -> Flags:
    """Flag a log return of adj_close beyond `LARGE_RETURN` either way; row t against t-1."""
    log_return = np.diff(np.log(bars["adj_close"].to_numpy()), prepend=np.nan)
    first = ~bars["ticker"].duplicated().to_numpy()
    return np.asarray(~first & (np.abs(log_return) > LARGE_RETURN))


RULES = (
    Rule("missing_price", "a price is missing or infinite", "reject row", missing_price),
    Rule("non_positive_price", "a price is not above 0", "reject row", non_positive_price),
    Rule("bad_adj_close", "adj_close is missing or not above 0", "reject row", bad_adj_close),
    Rule(
        "range_excludes_body",
        "low to high does not hold open and close",
        "reject row",
        range_excludes_body,
    ),
    Rule(
        "duplicate_session",
        "the session has several rows; the last is kept",
        "reject row",
        duplicate_session,
    ),
    Rule(
        "constant_price",
        "the price never moves",
        "reject row",
        constant_price,
        sessions_after=None,
    ),
    Rule(
        "stray_session",
        "the exchange was closed on this date, as on hardly any other date of the ticker",
        "reject row",
        stray_session,
    ),
    Rule("unknown_session", "the exchange was closed on this date", "warn", unknown_session),
    Rule("zero_volume", "volume is missing or not above 0", "mask volume", zero_volume, "volume"),
    Rule(
        "bad_variance",
        "the source's variance is negative or infinite; it is masked",
        "warn",
        bad_variance,
        "variance",
    ),
    Rule(
        "held_bar",
        "the newest bar contradicts the ones before it; the next one decides",
        "hold row",
        neighbours.unjudged_bar,
        sessions_after=1,
    ),
    Rule(
        "repeated_bar",
        "prices and volume are those of the row before",
        "reject row",
        neighbours.repeated_bar,
    ),
    Rule(
        "returning_price",
        "the price leaves its level and comes back",
        "reject row",
        neighbours.returning_price,
        sessions_after=neighbours.LONGEST_RUN,
    ),
    Rule(
        "price_spike",
        "open, high or low is far from the closes around it",
        "reject row",
        neighbours.price_spike,
        sessions_after=1,
    ),
    Rule(
        "unexplained_gap",
        "a gap in an ordinary session; an unadjusted split, spin-off or special dividend?",
        "warn",
        neighbours.unexplained_gap,
    ),
    Rule(
        "split_gap",
        "a gap by a split's factor in an ordinary session, or of adj_close alone: no return",
        "reject row",
        neighbours.split_gap,
        corrects=neighbours.convert_volume,
    ),
    Rule("flat_bar", "open, high, low and close are one price", "warn", flat_bar),
    Rule(
        "large_return",
        f"a day's log return is beyond {LARGE_RETURN:.0%}; an unadjusted split or spin-off?",
        "warn",
        large_return,
    ),
)
