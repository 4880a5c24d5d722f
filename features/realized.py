"""Realised variance: from intraday bars to the variance of a session, and of a whole day.

A session's variance is the sum of squared 5-minute log returns from its open to its close. With
1-minute bars there are five grids of 5 minutes, each shifted by one, and their mean is taken: the
same expectation with less noise. Where no bar came, the last price stands; a session in which
too few of the 5-minute intervals have a bar has no variance.

Sources
-------
Andersen, Bollerslev, Diebold and Labys (2003), Modeling and forecasting realized volatility.
Zhang, Mykland and Ait-Sahalia (2005), A tale of two time scales (the mean over shifted grids).
Hansen and Lunde (2005), A realized variance for the whole day based on intermittent
high-frequency data (the overnight return, and how to weight it).
Liu, Patton and Sheppard (2015), Does anything beat 5-minute RV?
"""

import bottleneck as bn
import numpy as np
import pandas as pd

from volcast.features._typing import BoolArray, FloatArray

GRID_MINUTES = 5  # Liu, Patton and Sheppard (2015)
FEWEST_COVERED = 0.8  # share of a session's 5-minute intervals that must have a bar
FEWEST_SESSIONS = 250  # before weights are estimated: a year
PRICES = ["open", "high", "low", "close"]


def by_session(bars: pd.DataFrame, hours: pd.DataFrame, spacing: int) -> pd.DataFrame:
    """Return one row for each session that has a bar, from that session's bars alone.

    Parameters
    ----------
    bars
        Intraday bars of one ticker in any order: ``moment`` (when the bar begins, UTC), open,
        high, low, close, volume. A bar outside every session, or with a price that is not
        finite and above 0, is left out; of several bars at one place the last row counts.
    hours
        When the exchange is open, sorted: session, opens, closes, and break_starts and
        break_ends (NaT without a break), UTC. A short session closes early.
    spacing
        Minutes from bar to bar: 1 or 5.

    Returns
    -------
    session, open, high, low, close, volume, ``covered`` (the share of the 5-minute intervals, the
    break apart, in which a bar begins) and ``variance`` (open to close, in squared log-return
    units; NaN where less than `FEWEST_COVERED` of the session is covered).

    """
    placed = _placed(bars, hours, spacing)
    by_row = placed.groupby("row")
    daily = by_row.agg(
        open=("open", "first"), high=("high", "max"), low=("low", "min"), close=("close", "last")
    )
    daily["volume"] = by_row["volume"].sum(min_count=1)
    own = hours.iloc[daily.index]
    row = daily.index.get_indexer(pd.Index(placed["row"]))
    slots = int(_slots_until(own, own["closes"], spacing).max()) if len(own) else 0
    price = np.full((len(daily), slots + 1), np.nan)
    price[:, 0] = daily["open"]
    price[row, placed["slot"] + 1] = placed["close"]
    has_bar = np.isfinite(price[:, 1:])
    step = GRID_MINUTES // spacing
    covered = _covered(has_bar, _expected(own, slots, spacing), step)
    variance = session_variance(np.log(price), step)
    return daily.assign(
        session=own["session"].to_numpy(),
        covered=covered,
        variance=np.where(covered >= FEWEST_COVERED, variance, np.nan),
    ).reset_index(drop=True)


def session_variance(log_price: FloatArray, step: int) -> FloatArray:
    """Return the realised variance of each row, the mean over `step` shifted grids.

    Parameters
    ----------
    log_price
        (S, M + 1): the log price at the open, then after each of M equal parts of the session.
        NaN takes the price before it; a session that ends early thus ends in returns of 0.
    step
        Columns from price to price of one grid. Every grid holds the open and the close, so that
        all span the whole session; its first and last return may be shorter.

    """
    filled = bn.push(log_price, axis=1)
    last = log_price.shape[1] - 1
    total = np.zeros(len(log_price))
    for shift in range(step):
        columns = np.unique(np.r_[0, np.arange(shift, last, step), last])
        total += (np.diff(filled[:, columns], axis=1) ** 2).sum(axis=1)
    return total / step


def whole_day(
    open_to_close: FloatArray, overnight_return: FloatArray, weighting: str = "sum"
) -> FloatArray:
    """Return the variance of each whole day, from close to close, (T,).

    Parameters
    ----------
    open_to_close
        (T,) realised variance of the sessions, in time order.
    overnight_return
        (T,) log(open_t / close_{t-1}), adjusted for dividends and splits.
    weighting
        ``sum``: squared overnight return plus realised variance, each at its own size.
        ``hansen_lunde``: the two weighted by `hansen_lunde_weights`.

    NaN where either part is missing.

    """
    squared_overnight = overnight_return**2
    if weighting == "sum":
        return squared_overnight + open_to_close
    if weighting != "hansen_lunde":
        raise ValueError(f"weighting must be sum or hansen_lunde; got {weighting!r}")
    weights = hansen_lunde_weights(squared_overnight, open_to_close)
    return weights[:, 0] * squared_overnight + weights[:, 1] * open_to_close


def hansen_lunde_weights(squared_overnight: FloatArray, open_to_close: FloatArray) -> FloatArray:
    """Return the weights of the two parts that give the least noisy sum with the same mean, (T, 2).

    Hansen and Lunde (2005), with the means, variances and covariance of the sessions before t
    alone: row t uses data to the close of t - 1. The share of the open-to-close part is kept
    within 0 and 1, so that no variance becomes negative. Both weights are 1 until
    `FEWEST_SESSIONS` sessions are known, and where a part has always been 0.
    """
    known = np.isfinite(squared_overnight) & np.isfinite(open_to_close)
    a, b = np.where(known, squared_overnight, 0.0), np.where(known, open_to_close, 0.0)
    count = _before(known.astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_a, mean_b = _before(a) / count, _before(b) / count
        variance_a = _before(a * a) / count - mean_a**2
        variance_b = _before(b * b) / count - mean_b**2
        covariance = _before(a * b) / count - mean_a * mean_b
        gain = mean_b**2 * variance_a - mean_a * mean_b * covariance
        loss = mean_a**2 * variance_b - mean_a * mean_b * covariance
        share = np.clip(gain / (gain + loss), 0.0, 1.0)
        mean = mean_a + mean_b
        weights = np.stack([(1.0 - share) * mean / mean_a, share * mean / mean_b], axis=1)
    usable = (count >= FEWEST_SESSIONS) & np.isfinite(weights).all(axis=1)
    return np.where(usable[:, None], weights, 1.0)


def _before(x: FloatArray) -> FloatArray:
    """Return the sum of the rows before each row."""
    return np.concatenate([[0.0], np.cumsum(x)[:-1]]) if len(x) else x


def _placed(bars: pd.DataFrame, hours: pd.DataFrame, spacing: int) -> pd.DataFrame:
    """Return the usable bars in time order, each with its row in `hours` and its slot in there."""
    prices = bars[PRICES].to_numpy(np.float64)
    usable = bars[(np.isfinite(prices) & (prices > 0)).all(axis=1)]
    moment = _microseconds(usable["moment"])
    row = _microseconds(hours["opens"]).searchsorted(moment, side="right") - 1
    inside = row >= 0
    inside[inside] = moment[inside] < _microseconds(hours["closes"])[row[inside]]
    usable, row = usable[inside], row[inside]
    slot = _slots_until(hours.iloc[row], usable["moment"], spacing)
    placed = usable.assign(row=row, slot=slot).sort_values(["row", "slot"], kind="stable")
    last: pd.DataFrame = placed.drop_duplicates(["row", "slot"], keep="last")
    return last


def _expected(hours: pd.DataFrame, slots: int, spacing: int) -> BoolArray:
    """Return whether the exchange is open when each slot of each session begins, (S, slots)."""
    slot = np.arange(slots)
    is_open: BoolArray = slot < _slots_until(hours, hours["closes"], spacing)[:, None]
    has_break = hours["break_starts"].notna().to_numpy()
    begins, ends = (
        _slots_until(hours, hours[name].fillna(hours["closes"]), spacing)[:, None]
        for name in ("break_starts", "break_ends")
    )
    return is_open & ~(has_break[:, None] & (slot >= begins) & (slot < ends))


def _covered(has_bar: BoolArray, expected: BoolArray, step: int) -> FloatArray:
    """Return the share of the expected intervals of `step` slots that have a bar."""
    wanted = _flag_any(expected, step)
    found = (_flag_any(has_bar, step) & wanted).sum(axis=1)
    return np.asarray(found / np.maximum(wanted.sum(axis=1), 1))


def _flag_any(flags: BoolArray, step: int) -> BoolArray:
    """Return for each `step` columns side by side whether any is set."""
    padded = np.pad(flags, ((0, 0), (0, -flags.shape[1] % step)))
    return np.asarray(padded.reshape(len(flags), padded.shape[1] // step, step).any(axis=2))


def _slots_until(hours: pd.DataFrame, moments: pd.Series, spacing: int) -> np.ndarray:
    """Return how many slots lie between the open and the moments, row by row."""
    slot = pd.Timedelta(minutes=spacing) // pd.Timedelta(microseconds=1)
    return np.asarray((_microseconds(moments) - _microseconds(hours["opens"])) // slot)


def _microseconds(moments: pd.Series) -> np.ndarray:
    return np.asarray(pd.DatetimeIndex(moments).as_unit("us").asi8)
