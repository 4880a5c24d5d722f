"""What a fetch changes in the stored bars: which rows to add, and whether the basis still holds.

A fetch repeats the last stored sessions. If they agree, only new sessions are added. If a session
in their middle differs, the source has revised it, and its row is added. If the oldest one differs,
earlier sessions may differ as well: then the full history is needed.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.pipeline.data.contract.client import ACTION_COLUMNS
from volcast.pipeline.data.quality.rules import BODY
from volcast.pipeline.data.store.bar_log import VALUE_COLUMNS

SAME_PRICE = 1e-6  # relative; Yahoo's numbers are float32, and their last digit varies
SAME_FACTOR = 1e-5  # of adj_close to close: two such numbers, and Yahoo recomputes it each time
MAX_REVISED_SHARE = 0.2  # of the sessions in common; beyond it the source has rescaled them
MAX_LOST_SHARE = 0.01  # of the stored sessions; beyond it a new history is rejected
MIN_LOST_SESSIONS = 5  # sessions

NEW, HEALED, REVISED, ADJUSTED, ANEW = "new", "healed", "revised", "adjusted", "anew"
CHANGES = (NEW, HEALED, REVISED, ADJUSTED, ANEW)


@dataclass(frozen=True, eq=False)
class Merge:
    """The changes that a fetch makes to the store.

    Parameters
    ----------
    rows
        The rows to add: `VALUE_COLUMNS` and ``change``, by session.
    factor
        By which dividends have scaled adj_close before these rows; 1 if they have not.
    new_basis
        Whether the rows are the full history on another basis.
    needs_full_history
        Whether the oldest session differs; nothing is added until the full history is fetched.
    lost
        Number of stored sessions that a new history lacks; if there are any, it is rejected.
    """

    rows: pd.DataFrame
    factor: float = 1.0
    new_basis: bool = False
    needs_full_history: bool = False
    lost: int = 0

    def counts(self) -> dict[str, int]:
        """Return the number of rows of each change."""
        return {str(name): int(n) for name, n in self.rows["change"].value_counts().items()}


def merge_fetch(stored: pd.DataFrame, fetched: pd.DataFrame, *, full: bool) -> Merge:
    """Compare a fetch with what is stored.

    Parameters
    ----------
    stored, fetched
        `VALUE_COLUMNS` by session, ascending, unique. A fetched NaN is unknown: it never replaces
        a stored value.
    full
        Whether ``fetched`` is the full history of the ticker.

    Returns
    -------
    The rows to add, each with its kind of change.
    """
    nothing = fetched.head(0).assign(change="")
    old = stored.reindex(fetched.index)
    if stored.empty:
        return Merge(fetched.assign(change=NEW))
    merged = _fill_from_stored(fetched, old)
    common = has_prices(old) & has_prices(fetched)
    if not common.any():
        if fetched.empty or not has_prices(stored).any():
            return Merge(_label_changes(merged, old, stored))
        lost = int(has_prices(stored).sum()) if full else 0
        return Merge(nothing, needs_full_history=not full, lost=lost)
    moved = ~_agree(merged[BODY], old[BODY], SAME_PRICE).all(axis=1) & common
    if not full and moved[int(common.argmax())]:
        return Merge(nothing, needs_full_history=True)
    if full and moved[common].mean() > MAX_REVISED_SHARE:
        return _merge_new_basis(stored, fetched)
    ratio = (merged["adj_close"] / merged["close"]) / (old["adj_close"] / old["close"])
    factor = float(ratio.iloc[int(common.argmax())])
    rows = _label_changes(merged, old, stored)
    return Merge(rows, factor=factor if abs(factor - 1) > SAME_FACTOR else 1.0)


def has_prices(bars: pd.DataFrame) -> NDArray[np.bool_]:
    """Flag the rows that have an open, a high, a low and a close.

    Examples
    --------
    >>> import pandas as pd
    >>> bars = pd.DataFrame({"open": [1.0, None], "high": 2.0, "low": 1.0, "close": 2.0})
    >>> has_prices(bars).tolist()
    [True, False]
    """
    return np.asarray(np.isfinite(bars[BODY].to_numpy()).all(axis=1))


def _fill_from_stored(fetched: pd.DataFrame, old: pd.DataFrame) -> pd.DataFrame:
    """Return the fetched values; the stored value if it, or the prices of its row, is missing."""
    values = [name for name in VALUE_COLUMNS if name not in ACTION_COLUMNS]
    withheld = ~has_prices(fetched) & has_prices(old)
    known = fetched[values].mask(pd.Series(withheld, index=fetched.index), axis=0)
    return fetched.assign(**known)[list(VALUE_COLUMNS)].fillna(old)


def _merge_new_basis(stored: pd.DataFrame, fetched: pd.DataFrame) -> Merge:
    missing = stored.index[has_prices(stored)].difference(fetched.index[has_prices(fetched)])
    allowed = max(MIN_LOST_SESSIONS, MAX_LOST_SHARE * len(stored))
    rows = fetched[list(VALUE_COLUMNS)].assign(change=ANEW)
    if len(missing) > allowed:
        return Merge(rows.head(0), lost=len(missing))
    return Merge(rows, new_basis=True)


def _label_changes(merged: pd.DataFrame, old: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that differ from the stored ones, each with the kind of its change."""
    had, has = has_prices(old), has_prices(merged)
    values = [*BODY, "volume", "variance"]
    revised = had & ~_agree(merged[values], old[values], SAME_PRICE).all(axis=1)
    before = old["adj_close"] / old["close"]
    scaled = ~_agree(merged["adj_close"] / merged["close"], before, SAME_FACTOR)
    actions = list(ACTION_COLUMNS)
    paid = ~_agree(merged[actions].fillna(0), old[actions].fillna(0), SAME_PRICE).all(axis=1)
    span = stored.index[has_prices(stored)]
    inside = np.asarray((merged.index > span.min()) & (merged.index < span.max())) & bool(len(span))
    stored_row = np.asarray(merged.index.isin(stored.index))
    change = np.select(
        [
            had & revised,
            had & (scaled | paid),
            ~had & has & (stored_row | inside),
            ~had & ~stored_row,
        ],
        [REVISED, ADJUSTED, HEALED, NEW],
        "",
    )
    change = np.where((change == "") & ~had & stored_row & paid, ADJUSTED, change)
    return pd.DataFrame(merged.assign(change=change)[change != ""])


def _agree(
    one: pd.DataFrame | pd.Series, other: pd.DataFrame | pd.Series, tolerance: float
) -> NDArray[np.bool_]:
    """Return whether numbers agree; two NaN do."""
    numbers = one.to_numpy(), other.to_numpy()
    return np.asarray(np.isclose(*numbers, rtol=tolerance, atol=0, equal_nan=True))
