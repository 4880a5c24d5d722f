"""Realised variance of a session, from its open to its close, computed from intraday bars.

The variance of a session is the sum of its squared 5-minute log returns. With 1-minute bars there
are five grids of 5 minutes, each shifted by one, and their mean is taken: the same expectation with
less noise. If an interval has no bar, the last price is carried forward; a session in which too few
of the 5-minute intervals have a bar has no variance.

References
----------
Andersen, Bollerslev, Diebold and Labys (2003), Modeling and forecasting realized volatility.
Zhang, Mykland and Ait-Sahalia (2005), A tale of two time scales (the mean over shifted grids).
Liu, Patton and Sheppard (2015), Does anything beat 5-minute RV?
"""

import bottleneck as bn
import numpy as np
import pandas as pd

from volcast.features._typing import BoolArray, FloatArray

GRID_MINUTES = 5  # Liu, Patton and Sheppard (2015)
MIN_COVERAGE = 0.8  # share of a session's 5-minute intervals that must have a bar
PRICES = ["open", "high", "low", "close"]


def aggregate_to_sessions(bars: pd.DataFrame, hours: pd.DataFrame, spacing: int) -> pd.DataFrame:
    """Aggregate intraday bars to one row per session, each from that session's bars alone.

    Parameters
    ----------
    bars
        Intraday bars of one ticker in any order: ``moment`` (when the bar begins, UTC), open,
        high, low, close, volume. Bars outside every session are left out, as are bars with a price
        that is not finite and above 0; of several bars at the same time the last row counts.
    hours
        Trading hours of the exchange, sorted: session, opens, closes, break_starts and break_ends
        (NaT without a break), in UTC. A short session closes early.
    spacing
        Minutes from bar to bar: 1 or 5.

    Returns
    -------
    A row for each session that has a bar: session, open, high, low, close, volume, ``covered``
    (the share of the 5-minute intervals, without the break, in which a bar begins) and
    ``variance`` (open to close, in squared log-return units; NaN where less than `MIN_COVERAGE`
    of the session is covered).
    """
    slotted = _assign_slots(bars, hours, spacing)
    by_row = slotted.groupby("row")
    daily = by_row.agg(
        open=("open", "first"), high=("high", "max"), low=("low", "min"), close=("close", "last")
    )
    daily["volume"] = by_row["volume"].sum(min_count=1)
    traded = hours.iloc[daily.index]
    slots = int(_count_slots(traded, traded["closes"], spacing).max()) if len(traded) else 0
    price = _build_price_grid(daily, slotted, slots)
    step = GRID_MINUTES // spacing
    is_open = _find_open_slots(traded, slots, spacing)
    covered = _compute_coverage(np.isfinite(price[:, 1:]), is_open, step)
    variance = session_variance(np.log(price), step)
    return daily.assign(
        session=traded["session"].to_numpy(),
        covered=covered,
        variance=np.where(covered >= MIN_COVERAGE, variance, np.nan),
    ).reset_index(drop=True)


def session_variance(log_price: FloatArray, step: int) -> FloatArray:
    """Return the realised variance of each session, the mean over `step` shifted grids.

    Parameters
    ----------
    log_price
        (S, M + 1) log prices of S sessions: at the open, then after each of M equal parts of the
        session. NaN takes the price before it; a session that ends early thus ends in returns of 0.
    step
        Columns between the prices of one grid. Every grid contains the open and the close, so that
        all span the complete session; the first and the last return of a grid may be shorter.

    Returns
    -------
    (S,) variances from open to close in squared log-return units.

    Examples
    --------
    >>> log_price = np.array([[0.0, 0.01, 0.0, 0.02]])
    >>> session_variance(log_price, 1).round(6)
    array([0.0006])
    """
    filled = bn.push(log_price, axis=1)
    last = log_price.shape[1] - 1
    total = np.zeros(len(log_price))
    for shift in range(step):
        columns = np.unique(np.r_[0, np.arange(shift, last, step), last])
        total += (np.diff(filled[:, columns], axis=1) ** 2).sum(axis=1)
    return total / step


def _assign_slots(bars: pd.DataFrame, hours: pd.DataFrame, spacing: int) -> pd.DataFrame:
    """Return the usable bars in time order, each with its row in `hours` and its slot in it."""
    prices = bars[PRICES].to_numpy(np.float64)
    usable = bars[(np.isfinite(prices) & (prices > 0)).all(axis=1)]
    moment = _microseconds(usable["moment"])
    row = _microseconds(hours["opens"]).searchsorted(moment, side="right") - 1
    inside = row >= 0
    inside[inside] = moment[inside] < _microseconds(hours["closes"])[row[inside]]
    usable, row = usable[inside], row[inside]
    slot = _count_slots(hours.iloc[row], usable["moment"], spacing)
    slotted = usable.assign(row=row, slot=slot).sort_values(["row", "slot"], kind="stable")
    last: pd.DataFrame = slotted.drop_duplicates(["row", "slot"], keep="last")
    return last


def _build_price_grid(daily: pd.DataFrame, slotted: pd.DataFrame, slots: int) -> FloatArray:
    """Return the price at the open and after each slot, (S, slots + 1), NaN without a bar."""
    row = daily.index.get_indexer(pd.Index(slotted["row"]))
    price = np.full((len(daily), slots + 1), np.nan)
    price[:, 0] = daily["open"]
    price[row, slotted["slot"] + 1] = slotted["close"]
    return price


def _find_open_slots(hours: pd.DataFrame, slots: int, spacing: int) -> BoolArray:
    """Return whether the exchange is open when each slot of each session begins, (S, slots)."""
    slot = np.arange(slots)
    is_open: BoolArray = slot < _count_slots(hours, hours["closes"], spacing)[:, None]
    has_break = hours["break_starts"].notna().to_numpy()
    begins, ends = (
        _count_slots(hours, hours[name].fillna(hours["closes"]), spacing)[:, None]
        for name in ("break_starts", "break_ends")
    )
    return is_open & ~(has_break[:, None] & (slot >= begins) & (slot < ends))


def _compute_coverage(has_bar: BoolArray, is_open: BoolArray, step: int) -> FloatArray:
    """Return the share of the open intervals of `step` slots that have a bar."""
    expected = _any_of_interval(is_open, step)
    covered = (_any_of_interval(has_bar, step) & expected).sum(axis=1)
    return np.asarray(covered / np.maximum(expected.sum(axis=1), 1))


def _any_of_interval(flags: BoolArray, step: int) -> BoolArray:
    """Return whether any flag is set, for each group of `step` adjacent columns."""
    padded = np.pad(flags, ((0, 0), (0, -flags.shape[1] % step)))
    return np.asarray(padded.reshape(len(flags), padded.shape[1] // step, step).any(axis=2))


def _count_slots(hours: pd.DataFrame, moments: pd.Series, spacing: int) -> np.ndarray:
    """Return the number of slots between the open and the moments, row by row."""
    slot = pd.Timedelta(minutes=spacing) // pd.Timedelta(microseconds=1)
    return np.asarray((_microseconds(moments) - _microseconds(hours["opens"])) // slot)


def _microseconds(moments: pd.Series) -> np.ndarray:
    """Return moments as whole microseconds since 1970."""
    return np.asarray(pd.DatetimeIndex(moments).as_unit("us").asi8)
