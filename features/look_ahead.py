"""The look-ahead test: corrupt the future, or cut it off, and compare the past.

Whatever is computed from bars for rows up to t must be bit-identical (a) when all bars after t are
corrupted and (b) when they do not exist (`Bars.until`). The calendar stays as it is: which sessions
lie ahead is known in advance.
"""

import dataclasses
from typing import Any

import numpy as np

from volcast.features.bar_checks import GRIDS
from volcast.features.bars import Bars

LOG_FACTOR_SD = 3.0  # a corrupted price is off by a factor of 20, up or down
MISSING_SHARE = 0.2


def corrupt_future(bars: Bars, t: int, rng: np.random.Generator) -> Bars:
    """Return bars whose rows after t are corrupted, and whose rows 0 .. t are unchanged.

    The later rows are shuffled in time, each number is multiplied by a random factor of its own,
    and a fifth of the bars are removed. Reports and closes of series learnt after t are replaced by
    invented ones.

    Parameters
    ----------
    bars
        Bars of one exchange.
    t
        The last row that stays unchanged.
    rng
        Source of the shuffling, the factors and the gaps.

    Returns
    -------
    Bars of the same sessions and tickers, with the same calendar days.
    """
    later_rows = len(bars.sessions) - (t + 1)
    order = t + 1 + rng.permutation(later_rows)
    missing = rng.random((later_rows, len(bars.tickers))) < MISSING_SHARE
    grids: dict[str, Any] = {}
    for name in GRIDS:
        values = getattr(bars, name)
        factor = np.exp(rng.normal(0.0, LOG_FACTOR_SD, missing.shape))
        corrupted = values[order] * factor
        corrupted[missing] = np.nan
        grids[name] = np.concatenate([values[: t + 1], corrupted])
    # Which tickers have a measured variance is a fact about their source, not about a day.
    grids["realized_used"] = bars.uses_realized
    grids["reports"] = None if bars.reports is None else bars.reports.corrupt_after(t, rng)
    grids["series"] = {name: series.corrupt_after(t, rng) for name, series in bars.series.items()}
    return dataclasses.replace(bars, **grids)


def find_first_difference(
    before: np.ndarray[Any, Any], after: np.ndarray[Any, Any], t: int
) -> tuple[int, ...] | None:
    """Return the first position with row <= t where two results differ, None if there is none.

    NaN equals NaN; any other difference counts, down to the last bit.

    Parameters
    ----------
    before, after
        Arrays with sessions on the first axis, at least t + 1 of them, and equal other axes.
    t
        The last row that is compared.

    Returns
    -------
    The index of the first difference, or None.

    Examples
    --------
    >>> before = np.array([[1.0, np.nan], [2.0, 3.0]])
    >>> after = np.array([[1.0, np.nan], [2.0, 4.0]])
    >>> find_first_difference(before, after, 0)
    >>> find_first_difference(before, after, 1)
    (1, 1)
    """
    one, other = before[: t + 1], after[: t + 1]
    same = (one == other) | ((one != one) & (other != other))  # only NaN and NaT differ from self
    return None if same.all() else tuple(int(i) for i in np.argwhere(~same)[0])
